/* Log lines: whatever the values, each line is one JSON object that a pipe
 * takes at once; as text it is one line without control characters. */
#include <limits.h>
#include <math.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cafe/base/log.h"
#include "cafe/base/utf8.h"
#include "fuzz.h"
#include "json.h"

enum { READ_MAX_BYTES = 64 * 1024 };

static struct log *json, *text;
static int file;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    file = memfd_create("log", MFD_CLOEXEC);
    CHECK(file >= 0);
    json = log_open("fuzz", "1.0", LOG_JSON, file, NULL);
    text = log_open("fuzz", "1.0", LOG_TEXT, file, NULL);
    CHECK(json != NULL && text != NULL);
    return 0;
}

/* What the log wrote. */
static struct slice written(struct log *log)
{
    static char bytes[READ_MAX_BYTES];
    ssize_t len;

    log_flush(log);
    len = pread(file, bytes, sizeof(bytes), 0);
    CHECK(len > 0 && len < READ_MAX_BYTES);
    CHECK(ftruncate(file, 0) == 0 && lseek(file, 0, SEEK_SET) == 0);
    return (struct slice){ bytes, (size_t)len };
}

static bool has_replacement(struct slice line)
{
    return memmem(line.data, line.len, "\xef\xbf\xbd", 3) != NULL;
}

/* `clear`: all values are valid UTF-8, so that nothing is replaced, not even
 * where a value is cut short. */
static void check_json(struct slice line, bool clear)
{
    CHECK(!clear || !has_replacement(line));
    CHECK(line.len <= PIPE_BUF && line.data[line.len - 1] == '\n');
    line.len--;
    CHECK(memchr(line.data, '\n', line.len) == NULL);
    CHECK(line.data[0] == '{' && line.data[line.len - 1] == '}');
    if (!json_valid(line)) {
        fprintf(stderr, "%.*s\n", (int)line.len, line.data);
        FAIL("the line is JSON");
    }
}

static void check_text(struct slice line)
{
    CHECK(line.len <= PIPE_BUF && line.data[line.len - 1] == '\n');
    CHECK(utf8_valid(line));
    for (size_t i = 0; i + 1 < line.len; i++) {
        unsigned char byte = (unsigned char)line.data[i];

        CHECK(byte >= 0x20 && byte != 0x7f);
        CHECK(byte != 0xc2 || (unsigned char)line.data[i + 1] >= 0xa0);
    }
}

/* A number made of the first bytes of a value. */
static int64_t number_of(struct slice value)
{
    int64_t number = 0;

    memcpy(&number, value.data, value.len < 8 ? value.len : 8);
    return number;
}

static double decimal_of(struct slice value)
{
    double decimal = 0;

    memcpy(&decimal, value.data, value.len < 8 ? value.len : 8);
    return decimal;
}

/* The message, a text, a number, a decimal, and the rest as two texts. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice input = fuzz_slice(data, size);
    struct slice parts[5];
    struct text msg;
    bool clear = !has_replacement(input);

    for (size_t i = 0; i < 4; i++)
        parts[i] = slice_cut(&input, '\n');
    parts[4] = input;
    for (size_t i = 0; i < 5; i++)
        clear = clear && utf8_valid(parts[i]);
    text_init(&msg, 0);
    text_append_slice(&msg, parts[0]);
    for (size_t i = 0; i < 2; i++) {
        struct log *log = i == 0 ? json : text;
        struct slice line;

        log_line(log, LOG_ERROR, text_string(&msg),
                 LOG_SLICE("first_text", parts[1]),
                 LOG_NUMBER("a_number", number_of(parts[2])),
                 LOG_DECIMAL("a_decimal", decimal_of(parts[3])),
                 LOG_SLICE("third", parts[3]), LOG_SLICE("rest", parts[4]),
                 LOG_END);
        line = written(log);
        if (i == 0)
            check_json(line, clear);
        else
            check_text(line);
    }
    text_free(&msg);
    return 0;
}
