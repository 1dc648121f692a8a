/* Running other programs: their output, their complaint, their deadline. */
#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cafe/clock.h"

enum { OUTPUT_MAX_BYTES = 1024 * 1024, PIPES = 2, END_LOOK_MS = 2 };

extern char **environ;

void command_add(struct command_line *line, const char *word)
{
    if (!word || line->count == ARGUMENTS_MAX)
        line->failed = true;
    else
        line->words[line->count++] = word;
}

void command_add_pair(struct command_line *line, const char *flag,
                      const char *value)
{
    command_add(line, flag);
    command_add(line, value);
}

void command_add_all(struct command_line *line, ...)
{
    const char *word;
    va_list args;

    va_start(args, line);
    while ((word = va_arg(args, const char *)) != NULL)
        command_add(line, word);
    va_end(args);
}

/* Standard output and standard error of a program, while it runs. */
struct running {
    pid_t pid;
    struct pollfd pipes[PIPES];
    struct text texts[PIPES];
};

static int spawn(const struct command_line *line, const int write_ends[PIPES],
                 pid_t *pid)
{
    posix_spawn_file_actions_t actions;
    int fault = posix_spawn_file_actions_init(&actions);

    if (fault != 0)
        return fault;
    fault = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO,
                                             "/dev/null", O_RDONLY, 0);
    for (int i = 0; i < PIPES && fault == 0; i++)
        fault = posix_spawn_file_actions_adddup2(&actions, write_ends[i],
                                                 STDOUT_FILENO + i);
    if (fault == 0)
        fault = posix_spawnp(pid, line->words[0], &actions, NULL,
                             (char *const *)(uintptr_t)line->words, environ);
    posix_spawn_file_actions_destroy(&actions);
    return fault;
}

static int start(struct running *running, const struct command_line *line)
{
    int write_ends[PIPES] = { -1, -1 };
    int fault = 0;

    for (int i = 0; i < PIPES; i++)
        running->pipes[i] = (struct pollfd){ .fd = -1, .events = POLLIN };
    for (int i = 0; i < PIPES && fault == 0; i++) {
        int ends[2];

        if (pipe2(ends, O_CLOEXEC) != 0) {
            fault = errno;
        } else {
            running->pipes[i].fd = ends[0];
            write_ends[i] = ends[1];
        }
    }
    if (fault == 0)
        fault = spawn(line, write_ends, &running->pid);
    for (int i = 0; i < PIPES; i++) {
        if (write_ends[i] >= 0)
            close(write_ends[i]);
    }
    return fault;
}

static void read_pipe(struct pollfd *pipe, struct text *text)
{
    char piece[4096];
    ssize_t got = read(pipe->fd, piece, sizeof(piece));

    if (got > 0 && text->len < OUTPUT_MAX_BYTES) {
        text_append(text, piece, (size_t)got);
    } else if (got == 0 || (got < 0 && errno != EINTR)) {
        close(pipe->fd);
        pipe->fd = -1;
    }
}

/* Until both pipes are closed. Returns whether the deadline came first. */
static bool listen_to(struct running *running, int64_t until_ms)
{
    while (running->pipes[0].fd >= 0 || running->pipes[1].fd >= 0) {
        int64_t left_ms = until_ms - clock_monotonic_ms();

        if (left_ms <= 0)
            return true;
        if (poll(running->pipes, PIPES, (int)left_ms) <= 0)
            continue;
        for (int i = 0; i < PIPES; i++) {
            if (running->pipes[i].fd >= 0 && running->pipes[i].revents)
                read_pipe(&running->pipes[i], &running->texts[i]);
        }
    }
    return false;
}

/* A program may close its output long before it ends. Returns whether the
 * deadline came first. */
static bool await_end(pid_t pid, int64_t until_ms)
{
    siginfo_t info = { .si_pid = 0 };

    while (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid == 0) {
        if (clock_monotonic_ms() >= until_ms)
            return true;
        pause_ms(END_LOOK_MS);
    }
    return false;
}

static int status_of(pid_t pid)
{
    int status = 0;

    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static struct slice last_line(struct slice text)
{
    text = slice_trim(text);
    for (size_t i = text.len; i > 0; i--) {
        if (text.data[i - 1] == '\n')
            return (struct slice){ text.data + i, text.len - i };
    }
    return text;
}

enum error program_try(struct site *site, const struct command_line *line,
                       unsigned seconds, struct outcome *outcome)
{
    struct running running = { .pid = -1 };
    enum error err = OK;
    int64_t until_ms;
    int fault;

    *outcome = (struct outcome){ .status = -1 };
    if (line->failed)
        return fail(site, ERROR_MEMORY, "%s: the command is too long",
                    line->count ? line->words[0] : "");
    for (int i = 0; i < PIPES; i++)
        text_init(&running.texts[i], 2 * OUTPUT_MAX_BYTES);
    fault = start(&running, line);
    if (fault == 0) {
        until_ms = clock_monotonic_ms() + seconds * INT64_C(1000);
        outcome->too_late = listen_to(&running, until_ms) ||
                            await_end(running.pid, until_ms);
        if (outcome->too_late)
            kill(running.pid, SIGKILL);
        outcome->status = status_of(running.pid);
        outcome->output =
            arena_slice(site->arena, slice_trim(text_slice(&running.texts[0])));
        outcome->complaint =
            arena_slice(site->arena, last_line(text_slice(&running.texts[1])));
    } else {
        err = fail(site, ERROR_SYSTEM, "cannot run %s: %s", line->words[0],
                   strerror(fault));
    }
    for (int i = 0; i < PIPES; i++) {
        if (running.pipes[i].fd >= 0)
            close(running.pipes[i].fd);
        text_free(&running.texts[i]);
    }
    return err;
}

enum error program_run(struct site *site, const struct command_line *line,
                       unsigned seconds, const char *what, struct slice *output)
{
    struct outcome outcome;
    enum error err = program_try(site, line, seconds, &outcome);

    if (err != OK)
        return err;
    if (outcome.too_late)
        return fail(site, ERROR_DEADLINE, "%s: no end after %u s", what,
                    seconds);
    if (outcome.status != 0 && outcome.complaint.len == 0)
        return fail(site, ERROR_SYSTEM, "%s: exit status %d", what,
                    outcome.status);
    if (outcome.status != 0)
        return fail(site, ERROR_SYSTEM, "%s: %.*s", what,
                    (int)outcome.complaint.len, outcome.complaint.data);
    if (output)
        *output = outcome.output;
    return OK;
}
