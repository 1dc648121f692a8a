/* --add-user: a name and the hash of a password into the file of
 * identity.htpasswd. The password comes from a terminal or a file: what is
 * typed on a command line is seen by every user of the machine. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "cafe/service/audit.h"
#include "cafe/service/credentials.h"
#include "cafe/service/htpasswd.h"
#include "cafe/service/password.h"
#include "employee.h"

enum { PASSWORD_MIN_CHARS = 8 };

/* Nothing: that it came ends the reading. */
static void on_signal(int number)
{
    (void)number;
}

/* A line without its end.
 *
 * mask  Of signals while it waits; NULL: as it is. */
static enum error read_line(int fd, const sigset_t *mask, struct text *line,
                            struct text *error)
{
    struct pollfd wanted = { .fd = fd, .events = POLLIN };
    char byte = '\0';
    ssize_t got;

    do {
        got = ppoll(&wanted, 1, NULL, mask) < 0 ? -1 : read(fd, &byte, 1);
        if (got == 1 && byte != '\n')
            text_append_char(line, byte);
    } while (got == 1 && byte != '\n');
    if (got < 0) {
        text_append_string(error, strerror(errno));
        return ERROR_SYSTEM;
    }
    if (line->failed)
        text_append_string(error, "the password is too long");
    return line->failed ? ERROR_CONFIG : OK;
}

/* Ask at the terminal without showing what is typed. */
static enum error ask_password(int fd, const sigset_t *mask,
                               const char *question, struct text *line,
                               struct text *error)
{
    struct termios shown, hidden;
    enum error err;

    if (tcgetattr(fd, &shown) != 0) {
        text_append_string(error, strerror(errno));
        return ERROR_SYSTEM;
    }
    hidden = shown;
    hidden.c_lflag &= ~(tcflag_t)ECHO;
    tcsetattr(fd, TCSAFLUSH, &hidden);
    dprintf(fd, "%s: ", question);
    err = read_line(fd, mask, line, error);
    dprintf(fd, "\n");
    tcsetattr(fd, TCSAFLUSH, &shown);
    return err;
}

/* A signal ends the waiting, and what is typed is shown again. Elsewhere it is
 * blocked: one that comes just before would be missed. */
static void catch_signals(sigset_t *before)
{
    static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
    const struct sigaction note = { .sa_handler = on_signal };
    sigset_t caught;

    sigemptyset(&caught);
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
        sigaddset(&caught, signals[i]);
        sigaction(signals[i], &note, NULL);
    }
    sigprocmask(SIG_BLOCK, &caught, before);
}

static enum error ask_twice(int fd, struct text *password, struct text *error)
{
    struct text again;
    sigset_t mask;
    enum error err;

    catch_signals(&mask);
    text_init(&again, CREDENTIALS_PASSWORD_MAX_BYTES);
    if ((err = ask_password(fd, &mask, "Password", password, error)) == OK &&
        (err = ask_password(fd, &mask, "Again", &again, error)) == OK &&
        !slice_equal(text_slice(password), text_slice(&again))) {
        text_append_string(error, "the two passwords differ");
        err = ERROR_CONFIG;
    }
    text_free(&again);
    return err;
}

static enum error from_terminal(struct text *password, struct text *error)
{
    int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    enum error err;

    if (fd < 0) {
        text_append_string(error, "there is no terminal to ask for the "
                                  "password; use --password-file FILE");
        return ERROR_SYSTEM;
    }
    err = ask_twice(fd, password, error);
    close(fd);
    return err;
}

/* Its first line. */
static enum error from_file(const char *path, struct text *password,
                            struct text *error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct text why;
    enum error err;

    text_init(&why, 0);
    if (fd < 0) {
        text_append_string(&why, strerror(errno));
        err = ERROR_CONFIG;
    } else {
        err = read_line(fd, NULL, password, &why);
        close(fd);
    }
    if (err != OK)
        text_printf(error, "%s: %s", path, text_string(&why));
    text_free(&why);
    return err;
}

static enum error check_typed(struct slice password, struct text *error)
{
    size_t chars = 0;

    for (size_t i = 0; i < password.len; i++) {
        unsigned char byte = (unsigned char)password.data[i];

        if (byte < ' ' || byte == 0x7f)
            text_append_string(
                error, "a password must not contain control characters");
        if (error->len > 0)
            return ERROR_CONFIG;
        chars += (byte & 0xc0) != 0x80;
    }
    if (chars >= PASSWORD_MIN_CHARS)
        return OK;
    text_printf(error, "a password must have at least %d characters",
                PASSWORD_MIN_CHARS);
    return ERROR_CONFIG;
}

static enum error put_user(const char *path, const char *name,
                           const struct text *password, bool *replaced,
                           struct text *error)
{
    char hash[PASSWORD_HASH_BYTES];
    enum error err = check_typed(text_slice(password), error);

    if (err == OK)
        err = password_hash(text_string(password), hash);
    if (err == OK)
        err = htpasswd_put(path, slice_of(name), hash, replaced, error);
    return err;
}

static void show_put(const struct service_settings *settings, const char *name,
                     bool replaced)
{
    printf("%s: the password of %s was %s\n", settings->htpasswd, name,
           replaced ? "changed" : "added");
    audit_write(
        settings, "employee", replaced ? "password changed" : "person added",
        (const struct log_field[]){ LOG_STRING("person", name),
                                    LOG_STRING("file", settings->htpasswd),
                                    LOG_END });
}

int add_user_run(const struct config *config,
                 const struct service_settings *settings)
{
    const char *name = config_argument(config, "--add-user");
    const char *file = config_argument(config, "--password-file");
    bool replaced = false;
    struct text password, error;
    enum error err;

    text_init(&password, CREDENTIALS_PASSWORD_MAX_BYTES);
    text_init(&error, 0);
    if (settings->htpasswd[0] == '\0') {
        text_append_string(&error, "set identity.htpasswd to the file to write "
                                   "to: --identity-htpasswd FILE");
        err = ERROR_CONFIG;
    } else {
        err = file != NULL ? from_file(file, &password, &error)
                           : from_terminal(&password, &error);
    }
    if (err == OK)
        err = put_user(settings->htpasswd, name, &password, &replaced, &error);
    if (err == OK)
        show_put(settings, name, replaced);
    else
        fprintf(stderr, "employee: nobody was added: %s\n",
                error.len > 0 ? text_string(&error) : error_text(err));
    if (password.data != NULL)
        explicit_bzero(password.data, password.len);
    text_free(&password);
    text_free(&error);
    return err == OK ? 0 : 1;
}
