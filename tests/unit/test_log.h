/* What the tests of the log share: a log that writes into a pipe, and a
 * checker of the lines that it makes. */
#ifndef CAFE_TEST_LOG_H
#define CAFE_TEST_LOG_H

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cmocka.h>

#include "cafe/base/log.h"
#include "cafe/base/utf8.h"

#define WITH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

/** A log that writes into a pipe, and what has been read from it. */
struct fixture {
    struct log *log;
    struct counters counters;
    int read_fd, write_fd;
    struct text out;
};

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    int fds[2];

    if (pipe(fds) != 0)
        return -1;
    fixture->read_fd = fds[0];
    fixture->write_fd = fds[1];
    fixture->log = log_open("customer", "1.2", LOG_JSON, fixture->write_fd,
                            &fixture->counters);
    text_init(&fixture->out, 0);
    *state = fixture;
    alarm(600); /* a log that waits for the pipe ends the test */
    return fixture->log == NULL;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    alarm(0);
    log_close(fixture->log);
    close(fixture->read_fd);
    close(fixture->write_fd);
    text_free(&fixture->out);
    free(fixture);
    return 0;
}

/** Read what is in the pipe; it always ends with a whole line. */
static bool read_pipe(struct fixture *fixture)
{
    char chunk[65536];
    int len = 0;

    assert_int_equal(ioctl(fixture->read_fd, FIONREAD, &len), 0);
    if (len == 0)
        return false;
    assert_true((size_t)len <= sizeof(chunk));
    assert_int_equal(read(fixture->read_fd, chunk, (size_t)len), len);
    assert_int_equal(chunk[len - 1], '\n');
    text_append(&fixture->out, chunk, (size_t)len);
    return true;
}

/** Everything that was logged up to now. */
static const char *logged(struct fixture *fixture)
{
    text_reset(&fixture->out);
    do
        log_flush(fixture->log);
    while (read_pipe(fixture));
    return text_string(&fixture->out);
}

/* The lines of RFC 8259 that a log makes: one flat object of strings and
 * numbers. Each function moves *at behind what it has read. */

static bool read_escape(const char **at)
{
    *at += 1;
    if (**at != 'u') {
        *at += 1;
        return (*at)[-1] != '\0' && strchr("\"\\/bfnrt", (*at)[-1]) != NULL;
    }
    for (size_t i = 1; i <= 4; i++) {
        if (!isxdigit((unsigned char)(*at)[i]))
            return false;
    }
    *at += 5;
    return true;
}

static bool read_string(const char **at)
{
    if (**at != '"')
        return false;
    for (*at += 1; **at != '"';) {
        if (**at == '\\') {
            if (!read_escape(at))
                return false;
        } else if ((unsigned char)**at < 0x20) {
            return false;
        } else {
            *at += 1;
        }
    }
    *at += 1;
    return true;
}

static bool read_value(const char **at)
{
    char *end;

    if (**at == '"')
        return read_string(at);
    if (**at != '-' && !isdigit((unsigned char)**at))
        return false;
    strtod(*at, &end);
    *at = end;
    return true;
}

static bool read_object(const char **at)
{
    char before = '{';

    do {
        if (**at != before)
            return false;
        *at += 1;
        if (!read_string(at) || **at != ':')
            return false;
        *at += 1;
        if (!read_value(at))
            return false;
        before = ',';
    } while (**at == ',');
    *at += 1;
    return (*at)[-1] == '}' && **at == '\n';
}

/** Check all lines; returns how many there are. */
static int check_lines(const char *text)
{
    int lines = 0;

    assert_true(utf8_valid(slice_of(text)));
    for (; *text != '\0'; text++) {
        const char *line = text;

        if (!read_object(&text))
            fail_msg("no JSON: %.200s", line);
        lines++;
    }
    return lines;
}

#endif
