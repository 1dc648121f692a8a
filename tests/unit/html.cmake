# Tests of libcafe/html. The Mustache specification is not part of the
# project: without it that test says so and exits 77.
foreach(name test_template test_markdown test_assets test_encoding
    test_page_cache test_page_cache_model)
  cafe_unit_test(${name} cafe_html)
endforeach()
# Without a decoder the brotli bodies are only made, not read back.
pkg_check_modules(BROTLI_DECODER IMPORTED_TARGET libbrotlidec)
cafe_unit_test(test_compress cafe_html PkgConfig::ZLIB)
if(BROTLI_DECODER_FOUND)
  target_compile_definitions(test_compress PRIVATE CAFE_TEST_BROTLI)
  target_link_libraries(test_compress PRIVATE PkgConfig::BROTLI_DECODER)
endif()
cafe_unit_test(test_mustache_spec cafe_html PkgConfig::YAML)
target_compile_definitions(test_mustache_spec PRIVATE
  SPEC_FOLDER="${PROJECT_SOURCE_DIR}/../shared/mustache-spec")
set_tests_properties(test_mustache_spec PROPERTIES SKIP_RETURN_CODE 77)
