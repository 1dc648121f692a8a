"""The tests that only look from outside, against the system in containers."""
# pylint: disable=unused-import
from test_browser import playwright, test_add_edit_delete  # noqa: F401
from test_clash import (  # noqa: F401
    test_delete_undo_delete,
    test_duplicates_are_shown_not_forbidden, test_every_loser_sees_the_clash,
    test_what_does_not_clash_is_merged_and_said)
from test_customer import (  # noqa: F401
    test_5000_suppliers_are_not_one_page, test_account_can_only_read,
    test_a_supplier_without_a_name_can_be_opened, test_etag_answers_304,
    test_every_field_is_escaped_once, test_head_is_get_without_body,
    test_home, test_list_and_supplier, test_list_is_sorted_and_paged,
    test_only_get_and_head, test_security_fields,
    test_static_files_are_immutable, test_trailing_slash_makes_no_difference,
    test_unknown_pages_are_404)
from test_employee import (  # noqa: F401
    test_account_cannot_change_the_schema, test_add_change_remove,
    test_bad_ids_are_404, test_faulty_form_comes_back_with_everything,
    test_faulty_update_comes_back, test_pages_are_kept_nowhere,
    test_posts_from_elsewhere_are_403, test_saving_what_is_there_is_a_success,
    test_unreadable_posts, test_update_of_a_deleted_supplier_keeps_the_form)
from test_forms import (  # noqa: F401
    test_a_form_that_is_sent_twice_is_saved_once, test_a_row_that_somebody_holds,
    test_preview_shows_and_saves_nothing,
    test_too_large_comes_back_filled_in,
    test_without_an_origin_it_comes_back_filled_in)
from test_freshness import (  # noqa: F401
    test_deletes_and_restores_reach_the_catalog,
    test_more_changes_than_are_followed_one_by_one,
    test_no_answer_is_older_than_an_acknowledged_write,
    test_nor_while_connections_are_cut,
    test_the_next_page_shows_what_others_change)
from test_history import (  # noqa: F401
    test_a_deleted_supplier_keeps_its_history, test_restore_a_version)
from test_search import (  # noqa: F401
    filled, test_a_change_is_found_at_once, test_every_word_is_found,
    test_headers_sort, test_sorted_by_a_column)
