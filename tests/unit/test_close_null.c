/* Whatever was never opened can be closed: the end of a function that failed
 * half-way need not know how far it came. Lint checks that all of them are
 * here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cafe/api/changes.h"
#include "cafe/base/arena.h"
#include "cafe/base/config.h"
#include "cafe/base/log.h"
#include "cafe/base/page.h"
#include "cafe/db/db.h"
#include "cafe/html/assets.h"
#include "cafe/html/page_cache.h"
#include "cafe/html/template.h"
#include "cafe/http/server.h"
#include "cafe/import/import.h"
#include "cafe/import/reader.h"
#include "cafe/import/worker.h"
#include "cafe/service/access.h"
#include "cafe/service/htpasswd.h"
#include "cafe/service/notes.h"
#include "cafe/service/offload.h"
#include "cafe/service/roles.h"
#include "cafe/service/token.h"
#include "cafe/suppliers/catalog.h"
#include "cafe/suppliers/search.h"

static void test_nothing_is_closed(void **state)
{
    (void)state;
    arena_close(NULL);
    config_close(NULL);
    log_close(NULL);
    page_unref(NULL);
    db_disconnect(NULL);
    db_close(NULL);
    assets_close(NULL);
    page_cache_close(NULL);
    templates_close(NULL);
    server_close(NULL);
    cidr_list_close(NULL);
    host_list_close(NULL);
    origin_list_close(NULL);
    editor_list_close(NULL);
    htpasswd_close(NULL);
    token_keys_close(NULL);
    notes_close(NULL);
    offload_close(NULL);
    catalog_close(NULL);
    searcher_close(NULL);
    import_reader_close(NULL);
    followers_close(NULL);
    stage_close(NULL);
    import_worker_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_is_closed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
