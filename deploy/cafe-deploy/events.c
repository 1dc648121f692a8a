/*
 * The process that starts pipelines, as EventBridge does for CodeCommit and
 * ECR: it looks at both sources twice a second. Looking is reading two small
 * files for each pipeline. A hook or webhook could be missed; a change that was
 * made while this process did not run is found when it does.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cafe/base/clock.h"
#include "pipeline.h"

enum { LOOK_MS = 500, START_MS = 60000, STOP_MS = 10000 };

/* Start "cafe-deploy --state … pipeline release SERVICE --wait". */
static enum error start_run(struct site *site, const char *service,
                            const char *log, pid_t *pid)
{
    const char *words[] = { site->program, "--state", site->folder, "--files",
                            site->files,   "--hooks", site->hooks,  "--root",
                            site->root,    "--wait",  "pipeline",   "release",
                            service,       NULL };
    posix_spawn_file_actions_t actions;
    int fault = posix_spawn_file_actions_init(&actions);

    if (fault == 0) {
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log,
                                         O_WRONLY | O_CREAT | O_TRUNC, 0600);
        posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO,
                                         STDERR_FILENO);
        fault = posix_spawn(pid, site->program, &actions, NULL,
                            (char *const *)(uintptr_t)words, environ);
        posix_spawn_file_actions_destroy(&actions);
    }
    return fault == 0 ? OK
                      : fail(site, ERROR_SYSTEM, "cannot run %s: %s",
                             site->program, strerror(fault));
}

/* Start a pipeline that is due; for each service one run at a time. */
static enum error events_look_at(struct site *site, const char *service,
                                 pid_t *run)
{
    char *log = site_path(site, "pipelines/%s.log", service);
    bool due;
    enum error err;

    if (*run > 0 && waitpid(*run, NULL, WNOHANG) == *run)
        *run = 0;
    if (*run > 0)
        return OK;
    err = log != NULL ? pipeline_is_due(site, service, &due) : ERROR_MEMORY;
    return err == OK && due ? start_run(site, service, log, run) : err;
}

/* The holder of the lock writes its pid, for `down` to end it. */
static enum error write_pid(struct site *site)
{
    char *path = site_path(site, "events.pid");
    struct text text;
    enum error err;

    text_init(&text, 0);
    text_printf(&text, "%ld\n", (long)getpid());
    err = path != NULL ? site_write(site, path, &text, 0600) : ERROR_MEMORY;
    text_free(&text);
    return err;
}

/* 0: none is known. */
static enum error read_pid(struct site *site, pid_t *pid)
{
    char *path = site_path(site, "events.pid");
    struct slice content;
    uint64_t number = 0;
    enum error err = path != NULL ? site_read(site, path, &content)
                                  : ERROR_MEMORY;

    *pid = 0;
    if (err == OK && content.data != NULL &&
        slice_number(slice_trim(content), INT32_MAX, &number) == OK)
        *pid = (pid_t)number;
    return err;
}

enum error events_run(struct site *site)
{
    struct arena *arena = site->arena;
    pid_t runs[SERVICES] = { 0 };
    enum error err = site_lock(site, "events", false, NULL);

    if (err == ERROR_BUSY)
        return fail(site, ERROR_CONFIG, "it is already running");
    if (err == OK)
        err = write_pid(site);
    site->arena = err == OK ? arena_open(0) : NULL;
    while (err == OK && site->arena != NULL) {
        for (size_t i = 0; i < SERVICES && err == OK; i++)
            err = events_look_at(site, service_names[i], &runs[i]);
        arena_reset(site->arena);
        pause_ms(LOOK_MS);
    }
    arena_close(site->arena);
    site->arena = arena;
    return err == OK ? ERROR_MEMORY : err;
}

/* A process group of its own, so that all of it can be ended. */
static enum error spawn_events(struct site *site, const char *log, pid_t *pid)
{
    const char *words[] = { site->program, "--state", site->folder, "--files",
                            site->files,   "--hooks", site->hooks,  "--root",
                            site->root,    "events",  NULL };
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int fault;

    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null",
                                     O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log,
                                     O_WRONLY | O_CREAT | O_APPEND, 0600);
    posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
    fault = posix_spawn(pid, site->program, &actions, &attributes,
                        (char *const *)(uintptr_t)words, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return fault == 0 ? OK
                      : fail(site, ERROR_SYSTEM, "cannot run %s: %s",
                             site->program, strerror(fault));
}

/* Until it, or another, looks for changes. */
static enum error await_start(struct site *site, const char *log, pid_t child)
{
    int64_t until_ms = clock_monotonic_ms() + START_MS;

    for (;;) {
        bool ended = waitpid(child, NULL, WNOHANG) == child;
        pid_t pid;
        enum error err = read_pid(site, &pid);

        if (err != OK || pid == child || (pid > 1 && kill(pid, 0) == 0))
            return err;
        if (ended || clock_monotonic_ms() > until_ms)
            return fail(site, ERROR_SYSTEM,
                        "nothing is watching for pushes; see %s", log);
        pause_ms(LOOK_MS / 10);
    }
}

enum error events_start(struct site *site)
{
    char *log = site_path(site, "events.log");
    char *old = site_path(site, "events.pid");
    pid_t pid;
    int lock;
    enum error err = log != NULL && old != NULL
                         ? site_lock(site, "events", false, &lock)
                         : ERROR_MEMORY;

    if (err != OK) /* it runs */
        return err == ERROR_BUSY ? OK : err;
    /* The lock was free: the pid in the file is that of a process that has
     * ended, or by now of another one. */
    unlink(old);
    close(lock);
    err = spawn_events(site, log, &pid);
    return err == OK ? await_start(site, log, pid) : err;
}

enum error events_stop(struct site *site)
{
    int64_t until_ms = clock_monotonic_ms() + STOP_MS;
    char *locks = site_path(site, "locks");
    enum error err = ERROR_BUSY;

    if (locks == NULL)
        return ERROR_MEMORY;
    if (access(locks, F_OK) != 0)
        return OK;
    while (err == ERROR_BUSY && clock_monotonic_ms() < until_ms) {
        pid_t pid;
        int lock;

        if ((err = site_lock(site, "events", false, &lock)) == OK)
            close(lock);
        if (err != ERROR_BUSY)
            return err;
        if ((err = read_pid(site, &pid)) != OK)
            return err;
        /* Its whole group: a run that it has started ends as well. */
        if (pid > 1 && kill(-pid, SIGTERM) != 0)
            kill(pid, SIGTERM); /* started by hand */
        err = ERROR_BUSY;
        pause_ms(LOOK_MS / 10);
    }
    return fail(site, ERROR_SYSTEM,
                "the process that watches for pushes does not exit: "
                "%s/events.pid",
                site->folder);
}
