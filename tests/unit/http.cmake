cafe_unit_test(test_parser cafe_http)
cafe_unit_test(test_router cafe_http)
cafe_unit_test(test_form cafe_http)
