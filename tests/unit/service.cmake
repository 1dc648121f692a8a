# Tests of libcafe/service.
foreach(name test_access test_hosts test_offload test_origin)
  cafe_unit_test(${name} cafe_service PkgConfig::EVENT)
endforeach()
cafe_unit_test(test_attempts cafe_service)
cafe_unit_test(test_options cafe_service)
cafe_unit_test(test_close_null cafe_service cafe_suppliers)
cafe_unit_test(test_stop cafe_service PkgConfig::EVENT)
target_link_options(test_stop PRIVATE -Wl,--wrap=event_add)
foreach(name test_attempts test_options test_stop)
  target_include_directories(${name} PRIVATE
    ${PROJECT_SOURCE_DIR}/libcafe/service)
endforeach()
