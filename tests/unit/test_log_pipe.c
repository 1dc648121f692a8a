/* Where the log writes: a pipe that nobody reads, a file, many threads. */
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>

#include "test_log.h"

/* Write numbered lines of many lengths, as an event loop would. */
static void write_numbered(struct fixture *fixture, int count)
{
    char filler[1000];

    memset(filler, 'x', sizeof(filler));
    for (int i = 0; i < count; i++) {
        log_line(fixture->log, LOG_INFO, "numbered", LOG_NUMBER("number", i),
                 LOG_SLICE("filler",
                           ((struct slice){ filler, (size_t)(i * 37 % 1000) })),
                 LOG_END);
        log_flush(fixture->log);
    }
}

/* What a text of numbered lines tells: how many, and how many were lost. */
struct tally {
    int64_t kept, lost;
};

/* The number of a field in one line; -1 without such a field. */
static int64_t field_of(const char *line, const char *name)
{
    const char *end = strchr(line, '\n');
    const char *field = memmem(line, (size_t)(end - line), name, strlen(name));

    return field != NULL ? atoll(field + strlen(name)) : -1;
}

/* Every gap in the numbers is as long as the line before it says. */
static struct tally tally(const char *text)
{
    struct tally tally = { 0, 0 };

    for (; *text != '\0'; text = strchr(text, '\n') + 1) {
        int64_t number = field_of(text, "\"number\":");
        int64_t lost = field_of(text, "dropped\",\"lines\":");

        assert_true((number < 0) != (lost < 0));
        if (lost >= 0)
            tally.lost += lost;
        else
            assert_int_equal(number, tally.kept++ + tally.lost);
    }
    return tally;
}

static void test_full_pipe_drops_and_counts(void **state)
{
    enum { LINES = 3000 };
    struct fixture *fixture = *state;
    int64_t dropped;
    struct tally told;

    write_numbered(fixture, LINES);
    dropped = counter_get(&fixture->counters, COUNTER_LOG_DROPPED);
    told = tally(logged(fixture));
    check_lines(text_string(&fixture->out));
    assert_true(fixture->out.len > 256 * 1024);
    assert_true(told.lost < dropped);
    assert_int_equal(told.kept + dropped, LINES);

    /* The pipe has been read: the rest of the loss is told first. */
    log_line(fixture->log, LOG_INFO, "x", LOG_NUMBER("number", LINES), LOG_END);
    assert_int_equal(check_lines(logged(fixture)), 2);
    assert_int_equal(
        field_of(text_string(&fixture->out), "dropped\",\"lines\":"),
        dropped - told.lost);
    log_line(fixture->log, LOG_INFO, "again", LOG_END);
    assert_int_equal(check_lines(logged(fixture)), 1);
    assert_int_equal(counter_get(&fixture->counters, COUNTER_LOG_DROPPED),
                     dropped);
}

static void write_filled(struct fixture *fixture, int number, size_t len)
{
    char filler[900];

    memset(filler, 'x', sizeof(filler));
    log_line(fixture->log, LOG_INFO, "", LOG_NUMBER("number", number),
             LOG_SLICE("x", ((struct slice){ filler, len })), LOG_END);
}

/* However little room is left: a line that is shorter than the one on the
 * loss does not go before it. */
static void test_short_lines_do_not_overtake(void **state)
{
    struct fixture *fixture = *state;

    for (size_t offset = 0; offset < 160; offset++) {
        int64_t dropped = counter_get(&fixture->counters, COUNTER_LOG_DROPPED);
        int number = 0, i;

        write_filled(fixture, number++, offset);
        while (counter_get(&fixture->counters, COUNTER_LOG_DROPPED) == dropped)
            write_filled(fixture, number++, 900);
        for (i = 0; i < 12; i++)
            log_line(fixture->log, LOG_INFO, "", LOG_NUMBER("number", number++),
                     LOG_END);
        tally(logged(fixture));
        log_line(fixture->log, LOG_INFO, "room again", LOG_END);
        logged(fixture);
    }
}

/* Flushing a full pipe again and again returns at once, and adds nothing. */
static void test_flush_never_waits(void **state)
{
    struct fixture *fixture = *state;
    int before, after;

    write_numbered(fixture, 500);
    assert_int_equal(ioctl(fixture->read_fd, FIONREAD, &before), 0);
    assert_true(before > 4096);
    for (int i = 0; i < 100; i++)
        log_flush(fixture->log);
    assert_int_equal(ioctl(fixture->read_fd, FIONREAD, &after), 0);
    assert_int_equal(after, before);
}

static void test_descriptor_stays_as_it_was(void **state)
{
    struct fixture *fixture = *state;
    int before = fcntl(fixture->write_fd, F_GETFL);

    write_numbered(fixture, 500);
    assert_int_equal(fcntl(fixture->write_fd, F_GETFL), before);
    assert_int_equal(before & O_NONBLOCK, 0);
}

static void test_lines_wait_for_flush(void **state)
{
    struct fixture *fixture = *state;

    log_line(fixture->log, LOG_INFO, "kept", LOG_END);
    assert_false(read_pipe(fixture));
    log_close(fixture->log);
    fixture->log = NULL;
    assert_true(read_pipe(fixture));
    assert_int_equal(check_lines(text_string(&fixture->out)), 1);
    log_close(NULL);
}

static void test_file_gets_everything(void **state)
{
    enum { FILE_MAX_BYTES = 1024 * 1024 };
    FILE *file = tmpfile();
    struct fixture other = { 0 };
    char *bytes = calloc(1, FILE_MAX_BYTES);

    (void)state;
    assert_non_null(file);
    other.log = log_open("s", "v", LOG_JSON, fileno(file), NULL);
    write_numbered(&other, 1000);
    log_close(other.log);
    assert_true(pread(fileno(file), bytes, FILE_MAX_BYTES - 1, 0) > 500 * 1000);
    assert_int_equal(check_lines(bytes), 1000);
    fclose(file);
    free(bytes);
}

enum { THREADS = 4, LINES_EACH = 200 };

static void *write_from_thread(void *argument)
{
    struct fixture *fixture = argument;

    for (int i = 0; i < LINES_EACH; i++) {
        log_line(fixture->log, LOG_INFO, "thread", LOG_NUMBER("i", i),
                 LOG_STRING("value", "\xc3\xa9\xff"), LOG_END);
        log_flush(fixture->log);
    }
    return NULL;
}

static void test_threads_do_not_tear_lines(void **state)
{
    struct fixture *fixture = *state;
    pthread_t threads[THREADS];

    for (int i = 0; i < THREADS; i++)
        assert_int_equal(
            pthread_create(&threads[i], NULL, write_from_thread, fixture), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(check_lines(logged(fixture)), THREADS * LINES_EACH);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(test_full_pipe_drops_and_counts),
        WITH(test_short_lines_do_not_overtake),
        WITH(test_flush_never_waits),
        WITH(test_descriptor_stays_as_it_was),
        WITH(test_lines_wait_for_flush),
        WITH(test_file_gets_everything),
        WITH(test_threads_do_not_tear_lines),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
