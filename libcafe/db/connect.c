/* How a connection is made and closed. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cafe/base/file.h"
#include "connection.h"
#include "errors.h"

enum { PASSWORD_MAX_BYTES = 4096 };

/*
 * How every session is set up. READ COMMITTED: a page never waits for a
 * writer, and a retried transaction sees what the other one wrote.
 */
static const char *const session_setup[] = {
    "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
    "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION',"
    " SESSION time_zone = '+00:00', SESSION innodb_lock_wait_timeout = 3,"
    " SESSION lock_wait_timeout = 3, SESSION autocommit = 1",
};

/* NULL for an option that isn't set. */
static const char *given(const char *option)
{
    return option != NULL && option[0] ? option : NULL;
}

/* The password file without one line end at its end. */
static enum error read_password(const char *path,
                                char password[PASSWORD_MAX_BYTES],
                                struct text *why)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t len = fd < 0 ? -1 : file_fill(fd, password, PASSWORD_MAX_BYTES);

    if (len < 0 && errno == EACCES)
        text_printf(why,
                    "cannot read the password file %s: %s; user %u must be "
                    "able to read it",
                    path, strerror(errno), (unsigned)geteuid());
    else if (len < 0)
        text_printf(why, "cannot read the password file %s: %s", path,
                    strerror(errno));
    else if (len == PASSWORD_MAX_BYTES)
        text_printf(why, "the password file %s is too long", path);
    if (fd >= 0)
        close(fd);
    if (len < 0 || len == PASSWORD_MAX_BYTES)
        return ERROR_DB_AWAY;
    if (len > 0 && password[len - 1] == '\n')
        len--;
    if (len > 0 && password[len - 1] == '\r')
        len--;
    password[len] = '\0';
    return OK;
}

/* One setting of the connector; absent where its value is NULL. */
struct setting {
    enum mysql_option option;
    const char *name;
    const void *value;
};

/* A setting that is not taken is no connection: one without TLS, a deadline
 * or the right characters must not pass for what was asked for. */
static enum error apply_settings(MYSQL *mysql, const struct setting *settings,
                                 size_t count, struct text *why)
{
    for (size_t i = 0; i < count; i++)
        if (settings[i].value != NULL &&
            mysql_options(mysql, settings[i].option, settings[i].value)) {
            text_printf(why, "the database connector refuses to set %s",
                        settings[i].name);
            return ERROR_DB_AWAY;
        }
    return OK;
}

/* NULL for a number that isn't set. */
static const unsigned *given_number(const unsigned *number)
{
    return *number > 0 ? number : NULL;
}

/*
 * Without a protocol the connector takes "localhost" for a socket of its own
 * choice, whatever the port.
 */
static enum error set_options(MYSQL *mysql, const struct db_options *options,
                              struct text *why)
{
    const my_bool off = 0;
    const unsigned no_files = 0;
    const enum mysql_protocol_type protocol = given(options->socket) != NULL
                                                  ? MYSQL_PROTOCOL_SOCKET
                                                  : MYSQL_PROTOCOL_TCP;
    const unsigned connect_s = (unsigned)options->connect_timeout_s;
    const unsigned read_s = (unsigned)options->read_timeout_s;
    const unsigned write_s = (unsigned)options->write_timeout_s;
    const my_bool enforce = options->tls != DB_TLS_OFF;
    const my_bool verify = options->tls == DB_TLS_VERIFY;
    const struct setting settings[] = {
        { MYSQL_OPT_SSL_ENFORCE, "TLS", &enforce },
        { MYSQL_OPT_SSL_VERIFY_SERVER_CERT, "TLS verification", &verify },
        { MYSQL_OPT_SSL_CA, "the TLS authorities",
          verify ? given(options->tls_ca) : NULL },
        { MYSQL_OPT_PROTOCOL, "the protocol", &protocol },
        /* A connection that came back by itself would have lost its transaction
         * and the settings of its session. */
        { MYSQL_OPT_RECONNECT, "reconnecting", &off },
        /* With LOAD DATA LOCAL a server could ask for any file of this machine.
         */
        { MYSQL_OPT_LOCAL_INFILE, "local files", &no_files },
        { MYSQL_SET_CHARSET_NAME, "the character set", "utf8mb4" },
        { MYSQL_OPT_CONNECT_TIMEOUT, "the connect timeout",
          given_number(&connect_s) },
        { MYSQL_OPT_READ_TIMEOUT, "the read timeout", given_number(&read_s) },
        { MYSQL_OPT_WRITE_TIMEOUT, "the write timeout",
          given_number(&write_s) },
    };

    return apply_settings(mysql, settings, sizeof(settings) / sizeof(*settings),
                          why);
}

/*
 * With DB_TLS_VERIFY the connector refuses a server without TLS by itself;
 * with DB_TLS_REQUIRE it would go on in the clear.
 */
static enum error prepare_session(MYSQL *mysql,
                                  const struct db_options *options,
                                  struct text *why)
{
    if (options->tls != DB_TLS_OFF && mysql_get_ssl_cipher(mysql) == NULL) {
        text_append_string(why, "the server does not offer TLS");
        return ERROR_DB_AWAY;
    }
    for (size_t i = 0; i < sizeof(session_setup) / sizeof(char *); i++)
        if (mysql_query(mysql, session_setup[i])) {
            text_printf(why, "%s (%u)", mysql_error(mysql), mysql_errno(mysql));
            return ERROR_DB_AWAY;
        }
    return OK;
}

/* Over TCP an account without a password is hardly ever meant. */
static bool lacks_password(const struct db_options *options)
{
    return given(options->password) == NULL &&
           given(options->password_file) == NULL &&
           given(options->socket) == NULL;
}

static void append_remedy(const struct db_options *options, unsigned number,
                          struct text *why)
{
    const char *advice = db_error_advice(number);

    if (lacks_password(options))
        text_append_string(why, "; APP_DB_PASSWORD is missing");
    else if (advice[0])
        text_printf(why, ". %s", advice);
}

/*
 * End a connection on which a packet was not acknowledged within the time for
 * sending, also while it waits for an answer: the kernel would send it again
 * for a quarter of an hour, at growing intervals. A slow server still
 * acknowledges. Where an option can't be set there is still the read timeout.
 */
static void watch_peer(MYSQL *mysql, const struct db_options *options)
{
    const int fd = (int)mysql_get_socket(mysql);
    const int on = 1, wait_s = (int)options->write_timeout_s;
    const int wait_ms = wait_s * 1000;

    if (wait_s <= 0 || given(options->socket) != NULL)
        return;
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &wait_s, sizeof(wait_s));
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &wait_s, sizeof(wait_s));
    setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &wait_ms, sizeof(wait_ms));
}

static enum error connect_mysql(MYSQL *mysql, const struct db_options *options,
                                const char *password, struct text *why)
{
    const char *socket = given(options->socket);
    enum error err = set_options(mysql, options, why);

    if (err != OK)
        return err;
    if (mysql_real_connect(mysql, socket != NULL ? NULL : given(options->host),
                           given(options->user), password, given(options->name),
                           socket != NULL ? 0 : (unsigned)options->port, socket,
                           CLIENT_FOUND_ROWS) == NULL) {
        text_printf(why, "%s (%u)", mysql_error(mysql), mysql_errno(mysql));
        append_remedy(options, mysql_errno(mysql), why);
        return ERROR_DB_AWAY;
    }
    watch_peer(mysql, options);
    return prepare_session(mysql, options, why);
}

/* With the password that is configured, or read from its file. */
static enum error connect_with_password(MYSQL *mysql,
                                        const struct db_options *options,
                                        struct text *why)
{
    char from_file[PASSWORD_MAX_BYTES];
    enum error err;

    if (given(options->password_file) == NULL)
        return connect_mysql(mysql, options, options->password, why);
    err = read_password(options->password_file, from_file, why);
    if (err == OK)
        err = connect_mysql(mysql, options, from_file, why);
    explicit_bzero(from_file, sizeof(from_file));
    return err;
}

enum error db_check_password(const struct db_options *options, struct text *why)
{
    char password[PASSWORD_MAX_BYTES];
    enum error err;

    if (given(options->password_file) == NULL)
        return OK;
    err = read_password(options->password_file, password, why);
    explicit_bzero(password, sizeof(password));
    return err;
}

enum error db_try(const struct db_options *options,
                  struct db_connection **connection, enum db_part *part,
                  struct text *why)
{
    struct db_connection *made = calloc(1, sizeof(*made));
    MYSQL *mysql = made != NULL ? mysql_init(NULL) : NULL;
    enum error err;

    if (mysql == NULL) {
        free(made);
        text_append_string(why, "out of memory");
        return ERROR_MEMORY;
    }
    made->mysql = mysql;
    err = connect_with_password(mysql, options, why);
    if (err != OK) {
        *part = db_error_part(mysql_errno(mysql));
        db_disconnect(made);
        return err;
    }
    *connection = made;
    return OK;
}

enum error db_connect(const struct db_options *options,
                      struct db_connection **connection, struct text *why)
{
    enum db_part part;

    return db_try(options, connection, &part, why);
}

/* The MYSQL goes first: closing each statement would be a packet of its own. */
void db_thread_end(void)
{
    mysql_thread_end();
}

void db_disconnect(struct db_connection *connection)
{
    if (connection == NULL)
        return;
    mysql_close(connection->mysql);
    connection_free_statements(connection);
    free(connection);
}
