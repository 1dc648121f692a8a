# Tests of libcafe/service.
foreach(name test_access test_offload test_origin)
  cafe_unit_test(${name} cafe_service PkgConfig::EVENT)
endforeach()
