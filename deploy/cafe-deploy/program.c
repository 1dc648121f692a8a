/* Running other programs: their output, their complaint, their deadline. */
#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cafe/base/clock.h"
#include "interrupt.h"

enum {
    OUTPUT_MAX_BYTES = 1024 * 1024,
    PIPES = 2,
    LISTEN_LOOK_MS = 200,
    END_LOOK_MS = 2
};

void command_add(struct command_line *line, const char *word)
{
    if (word == NULL || line->count == ARGUMENTS_MAX)
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
    bool may_stop;
    int64_t until_ms;
};

/* Undo what this program does to signals, and leave the terminal's process
 * group: Ctrl-C must not end docker or a hook half-way. Pending signals are
 * dropped by ignoring them, which posix_spawn() could not do. */
static void leave_terminal(void)
{
    static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGPIPE };
    sigset_t none;

    setpgid(0, 0);
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
        /* What nohup ignores stays ignored; SIGPIPE this program ignores
         * itself. */
        if (signal(signals[i], SIG_IGN) != SIG_IGN || signals[i] == SIGPIPE)
            signal(signals[i], SIG_DFL);
    }
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* In the new process. Returns only if the program can't be run. */
static void become(const struct command_line *line, const int write_ends[PIPES])
{
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

    leave_terminal();
    if (null < 0 || dup2(null, STDIN_FILENO) < 0)
        return;
    for (int i = 0; i < PIPES; i++) {
        if (dup2(write_ends[i], STDOUT_FILENO + i) < 0)
            return;
    }
    execvp(line->words[0], (char *const *)(uintptr_t)line->words);
}

/* The new process sends errno when it can't run the program, else nothing. */
static int spawn(const struct command_line *line, const int write_ends[PIPES],
                 pid_t *pid)
{
    int report[2], fault = 0;
    ssize_t got;

    if (pipe2(report, O_CLOEXEC) != 0)
        return errno;
    if ((*pid = fork()) == 0) {
        become(line, write_ends);
        fault = errno;
        if (write(report[1], &fault, sizeof(fault)) < 0)
            _exit(126);
        _exit(127);
    }
    /* The pipe closes with exec(): reading nothing means that the program runs.
     */
    if (*pid < 0)
        fault = errno;
    close(report[1]);
    do {
        got = *pid < 0 ? 0 : read(report[0], &fault, sizeof(fault));
    } while (got < 0 && errno == EINTR);
    if (got > 0)
        waitpid(*pid, NULL, 0);
    close(report[0]);
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

    /* Beyond that it is read and dropped, or the program would block in
     * write(). */
    if (got > 0 && text->len < OUTPUT_MAX_BYTES) {
        text_append(text, piece, (size_t)got);
    } else if (got == 0 || (got < 0 && errno != EINTR)) {
        close(pipe->fd);
        pipe->fd = -1;
    }
}

static bool is_over(const struct running *running)
{
    return clock_monotonic_ms() >= running->until_ms ||
           (running->may_stop && interrupted() != NULL);
}

/* Until both pipes are closed. Returns whether its time was over first. Signals
 * are blocked, so none would end poll(): it returns often enough to look for a
 * pending one. */
static bool listen_to(struct running *running)
{
    while (running->pipes[0].fd >= 0 || running->pipes[1].fd >= 0) {
        if (is_over(running))
            return true;
        if (poll(running->pipes, PIPES, LISTEN_LOOK_MS) <= 0)
            continue;
        for (int i = 0; i < PIPES; i++) {
            if (running->pipes[i].fd >= 0 && running->pipes[i].revents)
                read_pipe(&running->pipes[i], &running->texts[i]);
        }
    }
    return false;
}

/* A program may close its output long before it ends. Returns whether its
 * time was over first. */
static bool await_end(const struct running *running)
{
    siginfo_t info = { .si_pid = 0 };

    /* WNOWAIT leaves it as a zombie, so its pid can't be another process when
     * it is killed. */
    while (waitid(P_PID, (id_t)running->pid, &info,
                  WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid == 0) {
        if (is_over(running))
            return true;
        pause_ms(END_LOOK_MS);
    }
    return false;
}

static int program_status_of(pid_t pid)
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

/* Docker ends most of its complaints with a line that names its help. */
static bool names_help(struct slice line)
{
    return line.len > 0 && memmem(line.data, line.len, " --help'", 8) != NULL;
}

/* The last line that says something, or else the last one. */
static struct slice complaint_of(struct slice text)
{
    struct slice last = last_line(text), line = last;

    while (names_help(line)) {
        text.len = (size_t)(line.data - text.data);
        line = last_line(text);
    }
    return line.len > 0 ? line : last;
}

enum error program_try(struct site *site, const struct command_line *line,
                       unsigned seconds, struct outcome *outcome)
{
    struct running running = { .pid = -1, .may_stop = line->may_stop };
    enum error err = OK;
    int fault;

    *outcome = (struct outcome){ .status = -1 };
    if (line->failed)
        return fail(site, ERROR_MEMORY, "%s: the command is too long",
                    line->count ? line->words[0] : "");
    for (int i = 0; i < PIPES; i++)
        text_init(&running.texts[i], 2 * OUTPUT_MAX_BYTES);
    fault = start(&running, line);
    if (fault == 0) {
        running.until_ms = clock_monotonic_ms() + seconds * INT64_C(1000);
        outcome->too_late = listen_to(&running) || await_end(&running);
        if (outcome->too_late)
            /* Its process group: what it has started goes, too. */
            kill(-running.pid, SIGKILL);
        if (outcome->too_late && line->may_stop)
            err = interrupt_check(site);
        outcome->status = program_status_of(running.pid);
        outcome->output =
            arena_slice(site->arena, slice_trim(text_slice(&running.texts[0])));
        outcome->complaint = arena_slice(
            site->arena, complaint_of(text_slice(&running.texts[1])));
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
        return fail(site, ERROR_DEADLINE, "%s: still running after %u s", what,
                    seconds);
    if (outcome.status != 0 && outcome.complaint.len == 0)
        return fail(site, ERROR_SYSTEM, "%s: exit status %d", what,
                    outcome.status);
    if (outcome.status != 0)
        return fail(site, ERROR_SYSTEM, "%s: %.*s", what,
                    (int)outcome.complaint.len, outcome.complaint.data);
    if (output != NULL)
        *output = outcome.output;
    return OK;
}
