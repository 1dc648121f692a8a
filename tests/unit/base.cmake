# Tests of libcafe/base.
foreach(name test_arena test_slice test_text test_unicode test_clock test_page
        test_log test_log_pipe test_config test_config_errors test_config_print
        test_file test_form test_inquiry test_json test_siphash
        test_lasting)
  cafe_unit_test(${name} cafe_base)
endforeach()
