# Tests of libcafe/import.
foreach(name test_import_csv test_import_sniff)
  cafe_unit_test(${name} cafe_import)
endforeach()
