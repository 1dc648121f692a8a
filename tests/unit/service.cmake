# Tests of libcafe/service.
foreach(name test_access test_offload test_origin)
  cafe_unit_test(${name} cafe_service PkgConfig::EVENT)
endforeach()
cafe_unit_test(test_options cafe_service)
target_include_directories(test_options PRIVATE
  ${PROJECT_SOURCE_DIR}/libcafe/service)
