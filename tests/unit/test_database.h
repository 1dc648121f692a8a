/* The database that the harness gives to a test, or a loud skip. */
#ifndef CAFE_TEST_DATABASE_H
#define CAFE_TEST_DATABASE_H

#include <stdio.h>
#include <stdlib.h>

#include "cafe/db/db.h"

enum { TEST_SKIPPED = 77 };

static inline const char *test_setting(const char *name, const char *fallback)
{
    const char *value = getenv(name);

    return value != NULL && value[0] ? value : fallback;
}

/** The options for the test database; exits with 77 when there is none. */
static inline struct db_options test_database(void)
{
    const struct db_options options = {
        .socket = test_setting("CAFE_TEST_DB_SOCKET", ""),
        .user = test_setting("CAFE_TEST_DB_USER", "root"),
        .password = test_setting("CAFE_TEST_DB_PASSWORD", ""),
        .name = test_setting("CAFE_TEST_DB_NAME", "COFFEE"),
        .connect_timeout_s = 5,
        .read_timeout_s = 10,
        .write_timeout_s = 10,
    };

    if (!options.socket[0]) {
        fprintf(stderr, "SKIPPED: no database; set CAFE_TEST_DB_SOCKET\n");
        exit(TEST_SKIPPED);
    }
    return options;
}

/** A connection to it; ends the test when there is none. */
static inline struct db_connection *test_connect(void)
{
    const struct db_options options = test_database();
    struct db_connection *connection = NULL;
    struct text why;

    text_init(&why, 0);
    if (db_connect(&options, &connection, &why) != OK) {
        fprintf(stderr, "no connection: %s\n", text_string(&why));
        exit(1);
    }
    text_free(&why);
    return connection;
}

/** Run a text that has to succeed. */
static inline void test_run(struct db_connection *connection, const char *sql)
{
    if (db_run_text(connection, slice_of(sql)) != OK) {
        fprintf(stderr, "%s: %s\n", sql, db_error_message(connection));
        exit(1);
    }
}

/** A connection to a new, empty database of this name, made for the test. */
static inline struct db_connection *test_connect_scratch(const char *name)
{
    struct db_connection *connection = test_connect();
    char sql[100];

    snprintf(sql, sizeof(sql), "DROP DATABASE IF EXISTS %s", name);
    test_run(connection, sql);
    snprintf(sql, sizeof(sql), "CREATE DATABASE %s", name);
    test_run(connection, sql);
    snprintf(sql, sizeof(sql), "USE %s", name);
    test_run(connection, sql);
    return connection;
}

#endif
