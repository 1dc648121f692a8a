# Tests of libcafe/db. Those that need a database are given one by the
# harness (CAFE_TEST_DB_…); without it they say so and exit 77.
cafe_unit_test(test_db_errors cafe_db)
target_include_directories(test_db_errors PRIVATE
  ${PROJECT_SOURCE_DIR}/libcafe/db)
cafe_unit_test(test_db_options cafe_db PkgConfig::MARIADB)
target_link_options(test_db_options PRIVATE
  -Wl,--wrap=mysql_options -Wl,--wrap=mysql_real_connect)
foreach(name test_db test_db_pool test_db_rows test_db_settle test_db_migrate)
  cafe_unit_test(${name} cafe_db PkgConfig::EVENT)
  set_tests_properties(${name} PROPERTIES
    SKIP_RETURN_CODE 77 RESOURCE_LOCK test_database)
endforeach()
target_link_options(test_db_pool PRIVATE -Wl,--wrap=event_add)
