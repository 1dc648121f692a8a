/* --import, --undo-import and --export: what the pages do, for operators. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cafe/base/file.h"
#include "cafe/import/import.h"
#include "cafe/service/access.h"
#include "employee.h"

/* BLOCK_BYTES are read at a time; what the file is, its first ones tell. */
enum { BLOCK_BYTES = 1024 * 1024, READ_TIMEOUT_S = 600, RUNS_MAX = 5 };

enum { STATUS_FAULTY = 1, STATUS_FAILED = 2 };

/* An import under way. */
struct import_order {
    const char *path;
    bool dry_run;
    struct db_connection *connection;
    struct import import;
    struct import_format format;
    unsigned char targets[IMPORT_COLUMNS_MAX];
    struct stage *stage;
    struct arena *arena;
    struct import_counts counts;
    const char *fault; /* why the file is refused; NULL: it is not */
    struct text why;
};

/* Progress, on a terminal. */

static void show_progress(const char *what, uint64_t done, uint64_t all)
{
    enum { WIDTH = 40 };
    uint64_t part = all > 0 && done < all ? done : all;
    int bar = all > 0 ? (int)(part * WIDTH / all) : WIDTH;

    if (!isatty(STDERR_FILENO))
        return;
    fprintf(stderr, "\r%-8s [%.*s%*s] %3d %%", what, bar,
            "########################################", WIDTH - bar, "",
            all > 0 ? (int)(part * 100 / all) : 100);
    if (part == all)
        fputc('\n', stderr);
}

/* Reading. */

/* SIGINT and SIGTERM are blocked: they end the work between two blocks of the
 * file, or two chunks. */
static bool is_interrupted(void)
{
    sigset_t pending;

    return sigpending(&pending) == 0 && (sigismember(&pending, SIGINT) == 1 ||
                                         sigismember(&pending, SIGTERM) == 1);
}

static const char too_many_rows[] =
    "The file has more than 500,000 rows, with the suppliers that it lacks. "
    "Split it into smaller files.";

static enum error begin_rows(struct import_order *order,
                             const struct import_row *row)
{
    enum error err = import_map_headers(row->cells, row->count, order->targets);

    if (err != OK)
        return err;
    order->fault =
        import_map_fault(order->arena, row->cells, row->count, order->targets);
    if (order->fault != NULL)
        return ERROR_SYNTAX;
    err = stage_open(order->connection, &order->import, order->format.kind,
                     order->targets, &order->stage);
    return err == OK ? stage_row(order->stage, row) : err;
}

static enum error take_row(void *context, const struct import_row *row)
{
    struct import_order *order = context;
    enum error err = row->header ? begin_rows(order, row)
                                 : stage_row(order->stage, row);

    if (err == ERROR_LIMIT)
        order->fault = too_many_rows;
    return err;
}

static enum error open_reader(struct import_order *order, struct slice bytes,
                              struct import_reader **reader)
{
    enum error err = import_sniff(bytes, &order->format, &order->fault);

    return err == OK
               ? import_reader_open(&order->format, take_row, order, reader)
               : err;
}

/* `block` is the first one. */
static enum error feed_all(struct import_order *order, int fd, char *block,
                           ssize_t len, uint64_t size,
                           struct import_reader *reader)
{
    uint64_t done = 0;
    enum error err = OK;

    while (err == OK && len > 0) {
        err = import_reader_feed(reader, (struct slice){ block, (size_t)len });
        done += (uint64_t)len;
        show_progress("Reading", done, size);
        if (err == OK && is_interrupted())
            err = ERROR_STOPPING;
        if (err == OK)
            len = file_fill(fd, block, BLOCK_BYTES);
    }
    if (err == OK && len < 0)
        return ERROR_SYSTEM;
    err = err == OK ? import_reader_finish(reader) : err;
    if ((err == ERROR_SYNTAX || err == ERROR_LIMIT) && order->fault == NULL &&
        import_reader_fault(reader) != NULL) {
        order->fault = arena_copy(order->arena, import_reader_fault(reader),
                                  strlen(import_reader_fault(reader)));
    }
    return err;
}

static enum error read_file(struct import_order *order, int fd, char *block)
{
    struct import_reader *reader = NULL;
    struct stat about;
    ssize_t len;
    enum error err;

    if (fstat(fd, &about) != 0 || (len = file_fill(fd, block, BLOCK_BYTES)) < 0)
        return ERROR_SYSTEM;
    err = open_reader(order, (struct slice){ block, (size_t)len }, &reader);
    if (err == OK)
        err = feed_all(order, fd, block, len, (uint64_t)about.st_size, reader);
    import_reader_close(reader);
    return err == OK ? stage_finish(order->stage) : err;
}

static enum error open_and_read(struct import_order *order)
{
    char *block = malloc(BLOCK_BYTES);
    int fd = block != NULL ? open(order->path, O_RDONLY | O_CLOEXEC) : -1;
    enum error err = block != NULL ? OK : ERROR_MEMORY;

    if (err == OK && fd < 0) {
        order->fault = strerror(errno);
        err = ERROR_SYSTEM;
    }
    if (err == OK)
        err = read_file(order, fd, block);
    if (fd >= 0)
        close(fd);
    free(block);
    return err;
}

/* Writing. */

static void hold_signals(void)
{
    sigset_t held;

    sigemptyset(&held);
    sigaddset(&held, SIGINT);
    sigaddset(&held, SIGTERM);
    sigprocmask(SIG_BLOCK, &held, NULL);
}

static void rest(int64_t ms)
{
    const struct timespec wait = { .tv_nsec = (long)(ms * 1000000) };

    nanosleep(&wait, NULL);
}

/* A daemon has taken it up: before this command did, or since it hung. */
static void wait_for_daemon(void)
{
    rest(200);
}

static enum error import_work(struct import_order *order, const char *what,
                              uint64_t all)
{
    struct import_run run = { .id = order->import.id };
    enum error err = form_key_make(run.task);
    uint64_t done = 0;

    while (err == OK && !run.ended) {
        int failures = 0;

        if (is_interrupted()) {
            import_run_end(&run);
            return import_cancel(order->connection, order->import.id) == OK
                       ? ERROR_STOPPING
                       : ERROR_DB;
        }
        do
            err = import_step(order->connection, &run);
        while (err == ERROR_DB_RETRY && ++failures < RUNS_MAX);
        if (err == ERROR_BUSY) {
            wait_for_daemon();
            err = OK;
        } else {
            done += run.preparing ? 0 : run.chunk;
            rest(run.rest_ms);
        }
        show_progress(what, run.ended ? all : done, all);
    }
    import_run_end(&run);
    return err;
}

static enum error import_commit(struct import_order *order)
{
    const struct import_counts *counts = &order->counts;
    uint64_t missing =
        order->import.remove_missing ? counts->kinds[STAGED_MISSING] : 0;
    enum error err = import_start(order->connection, order->import.id);

    if (err == OK)
        err = import_work(order, "Writing", counts->todo + missing);
    if (err == OK)
        err = import_count(order->connection, order->import.id, &order->counts);
    return err;
}

/* What is left to correct. */

static enum error put_line(FILE *file, struct text *line)
{
    enum error err = !line->failed &&
                             fwrite(line->data, 1, line->len, file) == line->len
                         ? OK
                         : ERROR_SYSTEM;

    text_free(line);
    return err;
}

static enum error write_unwritten(void *context, const struct staged_row *row)
{
    struct text line;

    text_init(&line, 0);
    staged_csv_record(&line, row);
    return put_line(context, &line);
}

static uint64_t unwritten(const struct import_counts *counts)
{
    return counts->kinds[STAGED_FAULTY] + counts->kinds[STAGED_AMBIGUOUS] +
           counts->kinds[STAGED_DUPLICATE] + counts->outcomes[IMPORT_CLASH] +
           counts->outcomes[IMPORT_REFUSED];
}

static enum error write_faulty_file(struct import_order *order,
                                    const char *path)
{
    const struct staged_query query = { .import_id = order->import.id,
                                        .limit = INT64_MAX,
                                        .unwritten = true };
    FILE *file = fopen(path, "we");
    struct text head;
    enum error err;

    if (file == NULL)
        return ERROR_SYSTEM;
    text_init(&head, 0);
    staged_csv_head(&head);
    err = put_line(file, &head);
    if (err == OK)
        err = staged_read(order->connection, &query, write_unwritten, file);
    return fclose(file) != 0 && err == OK ? ERROR_SYSTEM : err;
}

/* Telling. */

static void tell_counts(const struct import_order *order)
{
    const struct import_counts *counts = &order->counts;
    const char *between = "";

    for (enum staged_kind kind = 0; kind < STAGED_KINDS; kind++) {
        printf("%s%s %llu", between, staged_kind_name(kind),
               (unsigned long long)counts->kinds[kind]);
        between = ", ";
    }
    printf("\nwritten %llu, clash %llu, refused %llu\n",
           (unsigned long long)counts->outcomes[IMPORT_WRITTEN],
           (unsigned long long)counts->outcomes[IMPORT_CLASH],
           (unsigned long long)counts->outcomes[IMPORT_REFUSED]);
    if (!order->dry_run)
        printf("import %s\n", order->import.key);
}

static int tell_unwritten(struct import_order *order)
{
    struct text path;
    enum error err;

    text_init(&path, 0);
    text_printf(&path, "%s.faulty.csv", order->path);
    err = write_faulty_file(order, text_string(&path));
    if (err == OK)
        printf("%llu row%s to check: %s\n",
               (unsigned long long)unwritten(&order->counts),
               unwritten(&order->counts) == 1 ? "" : "s", text_string(&path));
    else
        fprintf(stderr, "employee: %s can't be written: %s\n",
                text_string(&path), strerror(errno));
    text_free(&path);
    return err == OK ? STATUS_FAULTY : STATUS_FAILED;
}

static const char *explain(const struct import_order *order, enum error err)
{
    if (order->fault != NULL)
        return order->fault;
    if (err == ERROR_LIMIT)
        return too_many_rows;
    if (err == ERROR_BUSY)
        return "another import is running; run this one again when it has "
               "finished";
    if (err == ERROR_STOPPING)
        return "interrupted: rows that were written stay; run it again for the "
               "rest";
    if (err == ERROR_DB_SCHEMA)
        return "run employee --migrate first";
    if (order->connection != NULL && db_error_message(order->connection)[0])
        return db_error_message(order->connection);
    return err == ERROR_SYSTEM ? strerror(errno) : error_text(err);
}

static int import_tell(struct import_order *order, enum error err)
{
    if (err != OK) {
        fprintf(stderr, "employee: %s was not imported: %s\n", order->path,
                explain(order, err));
        return STATUS_FAILED;
    }
    tell_counts(order);
    return unwritten(&order->counts) > 0 ? tell_unwritten(order) : 0;
}

/* The commands. */

static enum error import_connect(const struct service_settings *settings,
                                 struct import_order *order)
{
    struct db_options options = settings->db;

    options.read_timeout_s = READ_TIMEOUT_S;
    return db_connect(&options, &order->connection, &order->why);
}

static enum error import_file(struct import_order *order)
{
    enum error err = import_create(order->connection, &order->import);

    if (err == OK)
        err = open_and_read(order);
    if (err == OK) {
        order->import.state = IMPORT_PREVIEW;
        err = import_count(order->connection, order->import.id, &order->counts);
    }
    if (err == OK && !order->dry_run)
        err = import_commit(order);
    return err;
}

/* Nobody comes back to a preview of a command, nor to a file that can't be
 * read. */
static void import_forget(struct import_order *order)
{
    enum error removed = OK;

    if (order->import.id != 0 &&
        (order->dry_run || order->import.state == IMPORT_READING))
        removed = import_remove(order->connection, order->import.id);
    (void)removed; /* it is removed with old ones else */
}

static enum error take_kept(void *context, const struct staged_row *row)
{
    (void)context;
    if (row->outcome == IMPORT_KEPT)
        printf("supplier %lld: %.*s\n", (long long)row->supplier_id,
               (int)row->reason.len, row->reason.data);
    return OK;
}

/* The history names who takes it back. */
static enum error undo_import(struct import_order *order)
{
    struct staged_query query = { .limit = INT64_MAX, .unwritten = true };
    struct slice person = order->import.person;
    enum error err = import_find(order->connection, order->arena,
                                 slice_of(order->path), &order->import);

    if (err == OK)
        err = import_undo(order->connection, order->import.id, person);
    if (err == OK)
        err = import_count(order->connection, order->import.id, &order->counts);
    if (err == OK)
        err = import_work(order, "Undoing",
                          order->counts.outcomes[IMPORT_WRITTEN]);
    if (err == OK)
        err = import_count(order->connection, order->import.id, &order->counts);
    query.import_id = order->import.id;
    return err == OK ? staged_read(order->connection, &query, take_kept, NULL)
                     : err;
}

static int tell_undo(const struct import_order *order, enum error err)
{
    if (err != OK) {
        fprintf(stderr, "employee: the import was not undone: %s\n",
                err == ERROR_NOT_FOUND ? "there is no import with this key"
                : err == ERROR_CONFLICT
                    ? "it has not written anything, or it was already undone"
                    : explain(order, err));
        return STATUS_FAILED;
    }
    printf("undone %llu, kept %llu\n",
           (unsigned long long)order->counts.outcomes[IMPORT_TAKEN_BACK],
           (unsigned long long)order->counts.outcomes[IMPORT_KEPT]);
    return order->counts.outcomes[IMPORT_KEPT] > 0 ? STATUS_FAULTY : 0;
}

/* The history shows it as the name of a person. */
static enum error check_actor(struct import_order *order)
{
    struct slice person = order->import.person;

    if (person.data == NULL || identity_is_person(person))
        return OK;
    order->fault = "--actor is not a name: it needs 1 to 254 bytes of visible "
                   "text on one line, and can't begin with \"key \"";
    return ERROR_CONFIG;
}

static int import_order_run(int command,
                            const struct service_settings *settings,
                            struct import_order *order)
{
    enum error err = order->arena != NULL ? check_actor(order) : ERROR_MEMORY;

    if (err == OK && import_connect(settings, order) != OK) {
        order->fault = text_string(&order->why);
        err = ERROR_DB_AWAY;
    }
    if (err == OK) {
        hold_signals();
        err = command & COMMAND_IMPORT ? import_file(order)
                                       : undo_import(order);
    }
    return command & COMMAND_IMPORT ? import_tell(order, err)
                                    : tell_undo(order, err);
}

int import_command_run(int command, const struct config *config,
                       const struct service_settings *settings)
{
    const bool imports = (command & COMMAND_IMPORT) != 0;
    struct import_order order = {
        .path = config_argument(config, imports ? "--import" : "--undo-import"),
        .dry_run = (command & COMMAND_DRY_RUN) != 0,
        .arena = arena_open(0),
        .import = { .person = slice_of(config_argument(config, "--actor")),
                    .settings = SLICE(""),
                    .clear_empty = (command & COMMAND_CLEAR_EMPTY) != 0,
                    .remove_missing = (command & COMMAND_REMOVE_MISSING) != 0 },
    };
    int status;

    text_init(&order.why, 0);
    order.import.file_name = slice_of(order.path);
    status = import_order_run(command, settings, &order);
    stage_close(order.stage);
    if (imports && order.connection != NULL)
        import_forget(&order);
    db_disconnect(order.connection);
    arena_close(order.arena);
    text_free(&order.why);
    return status;
}
