# Tests of libcafe/suppliers; those with a database as in db.cmake.
if(TARGET cafe_html)
  cafe_unit_test(test_supplier cafe_suppliers)
  cafe_unit_test(test_supplier_body cafe_suppliers)
  cafe_unit_test(test_untouched cafe_suppliers)
  cafe_unit_test(test_paging cafe_suppliers)
  cafe_unit_test(test_phone cafe_suppliers)
  cafe_unit_test(test_tidy cafe_suppliers)
  cafe_unit_test(test_website cafe_suppliers)
  cafe_unit_test(test_contact cafe_suppliers)
  cafe_unit_test(test_cursor cafe_suppliers)
  foreach(name test_csv test_supplier_json test_vcard)
    cafe_unit_test(${name} cafe_suppliers)
    target_compile_definitions(${name} PRIVATE
      GOLDEN_FOLDER="${CMAKE_CURRENT_LIST_DIR}/golden")
  endforeach()
  foreach(name test_countries test_index test_index_model test_duplicates test_search
          test_search_model)
    cafe_unit_test(${name} cafe_suppliers)
    target_include_directories(${name} PRIVATE
      ${PROJECT_SOURCE_DIR}/libcafe/suppliers)
  endforeach()
  cafe_unit_test(test_searcher cafe_suppliers PkgConfig::EVENT)
  target_link_options(test_searcher PRIVATE
    -Wl,--wrap=clock_monotonic_us -Wl,--wrap=event_add)
  target_include_directories(test_searcher PRIVATE
    ${PROJECT_SOURCE_DIR}/libcafe/suppliers)
endif()
foreach(name test_adoption test_catalog test_form_key test_history
    test_history_pages test_migrations test_store test_triggers test_unescape)
  cafe_unit_test(${name} cafe_suppliers PkgConfig::EVENT)
  set_tests_properties(${name} PROPERTIES
    SKIP_RETURN_CODE 77 RESOURCE_LOCK test_database)
endforeach()
target_include_directories(test_triggers PRIVATE
  ${PROJECT_SOURCE_DIR}/libcafe/suppliers)
target_link_options(test_catalog PRIVATE
  -Wl,--wrap=event_add -Wl,--wrap=row_make)
target_include_directories(test_catalog PRIVATE
  ${PROJECT_SOURCE_DIR}/libcafe/suppliers)
target_link_libraries(test_catalog PRIVATE cafe_http)
target_link_options(test_adoption PRIVATE
  -Wl,--wrap=db_run_text -Wl,--wrap=db_query -Wl,--wrap=db_row_text)
