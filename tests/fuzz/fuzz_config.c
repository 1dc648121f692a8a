/* Configuration: any file is read or refused with one line that names it, and
 * what config_print() writes is read as the same settings. */
#include <sys/mman.h>
#include <unistd.h>

#include "cafe/base/config.h"
#include "fuzz.h"

struct settings {
    int64_t port, wait_ms;
    const char *host, *password, *file, *origins;
    bool tls;
    int format;
};

static const char *const formats[] = { "json", "text", NULL };

#define AT(field) offsetof(struct settings, field)

static const struct option options[] = {
    { "port", OPTION_NUMBER, AT(port), "8080", 1, 65535, NULL, "Port." },
    { "origins", OPTION_LIST, AT(origins), "a,b", 0, 0, NULL, "Origins." },
    { "db.host", OPTION_TEXT, AT(host), "localhost", 0, 0, NULL, "Host." },
    { "db.password", OPTION_SECRET, AT(password), "x", 0, 0, NULL, "Secret." },
    { "db.tls", OPTION_SWITCH, AT(tls), "off", 0, 0, NULL, "TLS." },
    { "db.pool.wait_ms", OPTION_NUMBER, AT(wait_ms), "5", -9, 9, NULL, "Wait" },
    { "log.file", OPTION_PATH, AT(file), "", 0, 0, NULL, "File." },
    { "log.format", OPTION_CHOICE, AT(format), "text", 0, 0, formats, "Form." },
    { NULL, OPTION_TEXT, 0, NULL, 0, 0, NULL, NULL },
};

static const struct command commands[] = { { NULL, 0, NULL, NULL } };

static int file;
static char path[32];

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    file = memfd_create("config", MFD_CLOEXEC);
    CHECK(file >= 0);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
    return 0;
}

static enum error load(struct slice content, struct settings *settings,
                       struct config **config, struct text *error)
{
    char program[] = "fuzz", flag[] = "--config";
    char *argv[] = { program, flag, path, NULL };
    struct config_source source = { .program = program,
                                    .options = options,
                                    .commands = commands,
                                    .argc = 3,
                                    .argv = argv };
    int command = 1;
    enum error err;

    CHECK(ftruncate(file, 0) == 0);
    CHECK(pwrite(file, content.data, content.len, 0) == (ssize_t)content.len);
    memset(settings, 0xa5, sizeof(*settings));
    err = config_load(&source, settings, &command, config, error);
    CHECK(err != OK || command == 0);
    return err;
}

static void check_settings(const struct settings *settings)
{
    CHECK(settings->port >= 1 && settings->port <= 65535);
    CHECK(settings->wait_ms >= -9 && settings->wait_ms <= 9);
    CHECK(settings->format == 0 || settings->format == 1);
    CHECK(settings->host != NULL && settings->password != NULL);
    CHECK(settings->file != NULL && settings->origins != NULL);
}

static void check_same(const struct settings *a, const struct settings *b)
{
    CHECK(a->port == b->port && a->wait_ms == b->wait_ms);
    CHECK(a->tls == b->tls && a->format == b->format);
    CHECK(strcmp(a->host, b->host) == 0);
    CHECK(strcmp(a->file, b->file) == 0);
    CHECK(strcmp(a->origins, b->origins) == 0);
    CHECK(strcmp(b->password, a->password[0] ? "(hidden)" : "") == 0);
}

/* What config_print() writes, read again. */
static void check_round_trip(const struct config *config,
                             const struct settings *settings)
{
    struct config *again;
    struct settings read;
    struct text error;
    char *printed = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&printed, &len);

    CHECK(out != NULL);
    config_print(config, out);
    CHECK(fclose(out) == 0);
    text_init(&error, 0);
    if (load((struct slice){ printed, len }, &read, &again, &error) != OK) {
        fprintf(stderr, "%s\n%s", text_string(&error), printed);
        FAIL("what was printed can be read");
    }
    check_same(settings, &read);
    config_close(again);
    text_free(&error);
    free(printed);
}

/* One line that begins with the name of the file. */
static void check_error(const struct text *error)
{
    const char *byte = text_string(error);

    CHECK(strncmp(byte, path, strlen(path)) == 0);
    for (; *byte != '\0'; byte++)
        CHECK(*byte != '\n' && *byte != '\r');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct config *config = NULL;
    struct settings settings;
    struct text error;
    enum error err;

    text_init(&error, 0);
    err = load(fuzz_slice(data, size), &settings, &config, &error);
    CHECK(err == OK || err == ERROR_CONFIG);
    if (err == OK) {
        CHECK(error.len == 0);
        check_settings(&settings);
        check_round_trip(config, &settings);
    } else {
        check_error(&error);
    }
    config_close(config);
    text_free(&error);
    return 0;
}
