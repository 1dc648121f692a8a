# Tests of libcafe/import.
foreach(name test_import_csv test_import_json test_import_mapping
        test_import_round_trip test_import_sniff
        test_import_vcard)
  cafe_unit_test(${name} cafe_import)
endforeach()
