# Tests of libcafe/html. The Mustache specification is not part of the
# project: without it that test says so and exits 77.
foreach(name test_template test_markdown test_assets test_encoding)
  cafe_unit_test(${name} cafe_html)
endforeach()
cafe_unit_test(test_mustache_spec cafe_html PkgConfig::YAML)
target_compile_definitions(test_mustache_spec PRIVATE
  SPEC_FOLDER="${PROJECT_SOURCE_DIR}/../shared/mustache-spec")
set_tests_properties(test_mustache_spec PROPERTIES SKIP_RETURN_CODE 77)
