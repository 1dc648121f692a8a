/* A setting that the connector does not take is no connection. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <mysql.h>

#include "cafe/db/db.h"

static int settings; /* that were made */
static int refused;  /* which one is not taken; 0: none */
static int connects;

/* In place of the connector's, which takes them all. */
int __wrap_mysql_options(MYSQL *mysql, enum mysql_option option,
                         const void *value);
int __wrap_mysql_options(MYSQL *mysql, enum mysql_option option,
                         const void *value)
{
    (void)mysql;
    (void)option;
    assert_non_null(value);
    return ++settings == refused;
}

MYSQL *__wrap_mysql_real_connect(MYSQL *mysql, const char *host,
                                 const char *user, const char *password,
                                 const char *name, unsigned port,
                                 const char *socket, unsigned long flags);
MYSQL *__wrap_mysql_real_connect(MYSQL *mysql, const char *host,
                                 const char *user, const char *password,
                                 const char *name, unsigned port,
                                 const char *socket, unsigned long flags)
{
    (void)mysql;
    (void)host;
    (void)user;
    (void)password;
    (void)name;
    (void)port;
    (void)socket;
    (void)flags;
    connects++;
    return NULL;
}

static void try_to_connect(const struct db_options *options, struct text *why)
{
    struct db_connection *connection = NULL;

    settings = 0;
    connects = 0;
    text_init(why, 1024);
    assert_int_equal(db_connect(options, &connection, why), ERROR_DB_AWAY);
    assert_null(connection);
}

static void test_a_refused_setting_is_no_connection(void **state)
{
    const struct db_options options = { .host = "127.0.0.1",
                                        .port = 3306,
                                        .user = "x",
                                        .password = "secret",
                                        .name = "x",
                                        .tls = DB_TLS_VERIFY,
                                        .tls_ca = "/ca.pem",
                                        .connect_timeout_s = 1,
                                        .read_timeout_s = 1,
                                        .write_timeout_s = 1 };
    bool tls = false;
    struct text why;

    (void)state;
    refused = 0;
    try_to_connect(&options, &why);
    text_free(&why);
    assert_int_equal(connects, 1);
    for (int all = settings; refused < all;) {
        refused++;
        try_to_connect(&options, &why);
        assert_int_equal(connects, 0);
        assert_non_null(strstr(text_string(&why), "refuses to set"));
        tls = tls || strstr(text_string(&why), "TLS") != NULL;
        text_free(&why);
    }
    assert_true(refused >= 10 && tls);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_refused_setting_is_no_connection),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
