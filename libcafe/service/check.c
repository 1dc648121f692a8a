/* Settings that are valid one by one but can't be meant together: a start
 * refuses them, and --check-config says so. The latter also tries what only a
 * start would find out: ports, and on demand the database. */
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#include "cafe/base/file.h"
#include "frame.h"

enum { CA_MAX_BYTES = 4 * 1024 * 1024 };

enum error frame_blame(const struct config *config, const char *name,
                       enum error err, const struct text *why,
                       struct text *error)
{
    if (err == OK)
        return OK;
    config_location(config, name, error);
    text_printf(error, ": %s",
                why->len > 0 ? text_string(why) : error_text(err));
    return err;
}

/* Values that depend on each other. */

static enum error check_times(const struct config *config,
                              const struct service_settings *settings,
                              struct text *error)
{
    /* The daemon would be gone before the load balancers were told. */
    if (settings->drain_delay_ms == 0 ||
        settings->drain_delay_ms < settings->stop_max_ms)
        return OK;
    config_location(config, "drain_delay_ms", error);
    text_printf(error, ": %lld ms must be less than the %lld ms of ",
                (long long)settings->drain_delay_ms,
                (long long)settings->stop_max_ms);
    config_location(config, "stop_max_ms", error);
    return ERROR_CONFIG;
}

static enum error check_ports(const struct config *config,
                              const struct service_settings *settings,
                              struct text *error)
{
    bool same_address = settings->bind[0] == '\0' ||
                        settings->ops_bind[0] == '\0' ||
                        strcmp(settings->bind, settings->ops_bind) == 0;

    /* An empty address stands for all, so it collides with any. */
    if (settings->port == 0 || settings->port != settings->ops_port ||
        !same_address)
        return OK;
    config_location(config, "ops.port", error);
    text_printf(error, ": %lld is also the port of ",
                (long long)settings->port);
    config_location(config, "port", error);
    return ERROR_CONFIG;
}

static enum error check_database(const struct config *config,
                                 const struct service_settings *settings,
                                 struct text *error)
{
    const struct db_options *db = &settings->db;

    if (db->password[0] != '\0' && db->password_file[0] != '\0') {
        config_location(config, "db.password_file", error);
        text_append_string(error, ": a password is already set by ");
        config_location(config, "db.password", error);
    } else if (db->name[0] == '\0') {
        config_location(config, "db.name", error);
        text_append_string(error, ": is empty");
    } else if (db->host[0] == '\0' && db->socket[0] == '\0') {
        config_location(config, "db.host", error);
        text_append_string(error, ": is empty, and so is db.socket");
    } else if (strlen(db->socket) >=
               sizeof(((struct sockaddr_un *)0)->sun_path)) {
        config_location(config, "db.socket", error);
        text_printf(error, ": is longer than the %zu bytes of a socket's path",
                    sizeof(((struct sockaddr_un *)0)->sun_path) - 1);
    }
    return error->len > 0 ? ERROR_CONFIG : OK;
}

/* Files. */

static enum error check_password(const struct config *config,
                                 const struct service_settings *settings,
                                 struct text *error)
{
    struct text why;
    enum error err;

    text_init(&why, 0);
    err = db_check_password(&settings->db, &why);
    err = frame_blame(config, "db.password_file", err, &why, error);
    text_free(&why);
    return err == ERROR_DB_AWAY ? ERROR_CONFIG : err;
}

static enum error read_ca(const char *path, struct text *why)
{
    struct text content;
    enum error err;

    text_init(&content, CA_MAX_BYTES);
    err = file_read(path, &content, why);
    if (err == OK && strstr(text_string(&content), "-----BEGIN ") == NULL) {
        text_printf(why, "%s: contains no PEM certificate", path);
        err = ERROR_CONFIG;
    }
    text_free(&content);
    return err;
}

static enum error check_ca(const struct config *config,
                           const struct service_settings *settings,
                           struct text *error)
{
    struct text why;
    enum error err = OK;

    text_init(&why, 0);
    if (settings->db.tls_ca[0] != '\0')
        err = read_ca(settings->db.tls_ca, &why);
    err = frame_blame(config, "db.tls_ca", err, &why, error);
    text_free(&why);
    return err;
}

typedef enum error settings_fn(const struct config *config,
                               const struct service_settings *settings,
                               struct text *error);

enum error settings_check(const struct config *config,
                          const struct service_settings *settings,
                          struct text *error)
{
    static settings_fn *const checks[] = { check_times, check_ports,
                                           check_database, check_password,
                                           check_ca };
    enum error err = OK;

    for (size_t i = 0; err == OK && i < sizeof(checks) / sizeof(checks[0]); i++)
        err = checks[i](config, settings, error);
    return err;
}

/* Ports. */

/* A port in use is not a fault of the configuration: the daemon that is being
 * checked may be running. */
static enum error try_port(const struct config *config, const char *bind,
                           int64_t port, const char *bind_name,
                           const char *port_name, struct text *error)
{
    struct text why;
    enum error err;

    text_init(&why, 0);
    err = server_try(bind, (int)port, &why);
    if (err == ERROR_BUSY)
        err = OK;
    err = frame_blame(config, err == ERROR_CONFIG ? bind_name : port_name, err,
                      &why, error);
    text_free(&why);
    return err;
}

enum error ports_try(const struct config *config,
                     const struct service_settings *settings,
                     struct text *error)
{
    enum error err =
        try_port(config, settings->bind, settings->port, "bind", "port", error);

    if (err != OK || settings->ops_port == 0)
        return err;
    return try_port(config, settings->ops_bind, settings->ops_port, "ops.bind",
                    "ops.port", error);
}

/* The database. */

static const char *option_of(enum db_part part, const struct db_options *db)
{
    switch (part) {
    case DB_PART_HOST:
        return db->socket[0] != '\0' ? "db.socket" : "db.host";
    case DB_PART_TLS:
        return "db.tls";
    case DB_PART_ACCOUNT:
        return db->password_file[0] != '\0' ? "db.password_file"
                                            : "db.password";
    case DB_PART_NAME:
        return "db.name";
    }
    return "db.host";
}

static void explain_part(enum db_part part, const struct db_options *db,
                         const struct text *said, struct text *why)
{
    switch (part) {
    case DB_PART_HOST:
        text_append_string(why, "the database can't be reached: ");
        break;
    case DB_PART_TLS:
        text_append_string(why, "no TLS with the database: ");
        break;
    case DB_PART_ACCOUNT:
        text_printf(why, "the database refuses the account %s: ", db->user);
        break;
    case DB_PART_NAME:
        text_printf(why,
                    "there is no database %s, or the account %s has no "
                    "privileges on it: ",
                    db->name, db->user);
        break;
    }
    text_append_slice(why, text_slice(said));
    if (part == DB_PART_NAME)
        text_append_string(why, "; run: employee --migrate, then grants.sql");
}

/* What a daemon needs isn't there, or it may not use it. */
static enum error explain_need(const struct config *config, enum error err,
                               const struct db_connection *connection,
                               struct text *error)
{
    unsigned number = db_error_number(connection);
    const char *message = db_error_message(connection);
    bool denied = db_denied(connection);
    bool schema = err == ERROR_DB_SCHEMA || err == ERROR_DB_TRIGGERS;
    struct text why;

    text_init(&why, 0);
    text_append_string(&why,
                       denied ? "a privilege is missing" : error_text(err));
    if (message[0] != '\0')
        text_printf(&why, ": %s (%u)", message, number);
    if (denied)
        text_append_string(&why, "; run grants.sql, after employee --migrate");
    else if (schema)
        text_append_string(&why, "; run: employee --migrate");
    err = frame_blame(config, denied ? "db.user" : "db.name", err, &why, error);
    text_free(&why);
    return err;
}

/* Rights first: a table that an account may not use looks like one that is
 * missing. */
enum error database_try(const struct frame *frame, struct text *error)
{
    const struct service_definition *definition = frame->definition;
    const struct db_options *db = &frame->settings->db;
    struct db_connection *connection = NULL;
    enum db_part part = DB_PART_HOST;
    struct text said, why;
    enum error err;

    text_init(&said, 0);
    text_init(&why, 0);
    if ((err = db_try(db, &connection, &part, &said)) != OK) {
        explain_part(part, db, &said, &why);
        err = frame_blame(frame->config, option_of(part, db), err, &why, error);
    } else if ((err = definition->rights(connection, NULL)) != OK ||
               (err = definition->ready(connection, NULL)) != OK) {
        err = explain_need(frame->config, err, connection, error);
    }
    db_disconnect(connection);
    text_free(&said);
    text_free(&why);
    return err;
}
