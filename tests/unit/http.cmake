cafe_unit_test(test_parser cafe_http)
cafe_unit_test(test_chunked cafe_http)
target_include_directories(test_chunked PRIVATE
  ${PROJECT_SOURCE_DIR}/libcafe/http)
cafe_unit_test(test_metrics cafe_http)
target_include_directories(test_metrics PRIVATE
  ${PROJECT_SOURCE_DIR}/libcafe/http)
cafe_unit_test(test_trace cafe_http)
target_include_directories(test_trace PRIVATE
  ${PROJECT_SOURCE_DIR}/libcafe/http)
cafe_unit_test(test_multipart cafe_http)
cafe_unit_test(test_router cafe_http)
cafe_unit_test(test_uploads cafe_http PkgConfig::EVENT)
cafe_unit_test(test_answer cafe_http)
cafe_unit_test(test_listen cafe_http PkgConfig::EVENT)
target_link_options(test_listen PRIVATE
  -Wl,--wrap=socket -Wl,--wrap=listen)
