/* Gives up what a daemon does not need once it serves: privileges, core files,
 * and most system calls. */
#include "hardening.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sched.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#ifdef CAFE_CONFINED
enum { CONFINED = true };
#else
enum { CONFINED = false };
#endif

/* Another user. */

static enum error become_entry(const struct passwd *entry, struct text *error)
{
    if (initgroups(entry->pw_name, entry->pw_gid) == 0 &&
        setresgid(entry->pw_gid, entry->pw_gid, entry->pw_gid) == 0 &&
        setresuid(entry->pw_uid, entry->pw_uid, entry->pw_uid) == 0)
        return OK;
    text_printf(error, "cannot become user %s: %s", entry->pw_name,
                strerror(errno));
    return ERROR_SYSTEM;
}

enum error hardening_become(const char *user, struct text *error)
{
    const struct passwd *entry;

    if (user[0] == '\0')
        return OK;
    entry = getpwnam(user);
    if (entry == NULL) {
        text_printf(error, "there is no user '%s'", user);
        return ERROR_CONFIG;
    }
    if (entry->pw_uid == geteuid())
        return OK;
    if (geteuid() != 0) {
        text_printf(error,
                    "only root can become %s; start as root, or leave the "
                    "option empty",
                    user);
        return ERROR_CONFIG;
    }
    return become_entry(entry, error);
}

void hardening_begin(void)
{
    const struct rlimit none = { 0, 0 };

    /* hardening_finish() looks at what holds. */
    (void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    (void)setrlimit(RLIMIT_CORE, &none);
    if (CONFINED)
        (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

/* System calls. */

/* Allowed with any arguments. By name: the two architectures don't have the
 * same ones, and what one lacks is left out. */
static const char *const allowed[] = {
    /* files, which the rule for openat() leaves open for reading only */
    "read",
    "readv",
    "pread64",
    "write",
    "writev",
    "close",
    "lseek",
    "fstat",
    "stat",
    "lstat",
    "newfstatat",
    "statx",
    "access",
    "faccessat",
    "faccessat2",
    "readlink",
    "readlinkat",
    "getcwd",
    "getdents64",
    /* sockets that exist; no new one listens */
    "accept4",
    "connect",
    "shutdown",
    "sendto",
    "sendmsg",
    "sendmmsg",
    "recvfrom",
    "recvmsg",
    "getsockname",
    "getpeername",
    "getsockopt",
    "setsockopt",
    /* waiting; eventfd2 for a thread that is started late */
    "epoll_wait",
    "epoll_pwait",
    "epoll_ctl",
    "poll",
    "ppoll",
    "select",
    "pselect6",
    "eventfd2",
    "futex",
    "restart_syscall",
    /* memory */
    "brk",
    "mmap",
    "munmap",
    "mremap",
    "mprotect",
    "madvise",
    /* threads, signals, the end */
    "gettid",
    "set_robust_list",
    "rseq",
    "sched_yield",
    "sched_getaffinity",
    "rt_sigaction",
    "rt_sigprocmask",
    "rt_sigreturn",
    "sigaltstack",
    "setitimer",
    "exit",
    "exit_group",
    /* time, random numbers, the system */
    "clock_gettime",
    "clock_getres",
    "clock_nanosleep",
    "nanosleep",
    "gettimeofday",
    "time",
    "getrandom",
    "getrusage",
    "getrlimit",
    "sysinfo",
    "uname",
    "getpid",
    "getppid",
    "getuid",
    "geteuid",
    "getgid",
    "getegid",
};

/* Only injected code makes these: nothing here and in the libraries starts
 * programs or touches other processes. An end is noticed, an error is not. */
static const char *const fatal[] = {
    "execve", "execveat", "ptrace", "process_vm_readv", "process_vm_writev",
};

/* Allowed if one argument, masked, has this value. */
static const struct {
    const char *call;
    unsigned argument;
    scmp_datum_t mask, value;
} conditions[] = {
    { "openat", 2, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY },
    { "open", 1, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY },
    { "socket", 0, UINT32_MAX, AF_UNIX },
    { "socket", 0, UINT32_MAX, AF_INET },
    { "socket", 0, UINT32_MAX, AF_INET6 },
    { "clone", 0, CLONE_THREAD, CLONE_THREAD },
    { "fcntl", 1, UINT32_MAX, F_GETFL },
    { "fcntl", 1, UINT32_MAX, F_SETFL },
    { "fcntl", 1, UINT32_MAX, F_GETFD },
    { "fcntl", 1, UINT32_MAX, F_SETFD },
    { "ioctl", 1, UINT32_MAX, FIONREAD },
    { "ioctl", 1, UINT32_MAX, FIONBIO },
    { "ioctl", 1, UINT32_MAX, TCGETS },
    { "ioctl", 1, UINT32_MAX, TIOCOUTQ }, /* what a client has not read yet */
    { "prctl", 0, UINT32_MAX, PR_SET_NAME },
    { "prlimit64", 2, UINT64_MAX, 0 }, /* asks, sets nothing */
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* Negative: an architecture that does not have the call. */
static int add_rule(scmp_filter_ctx filter, uint32_t action, const char *name,
                    const struct scmp_arg_cmp *condition)
{
    int number = seccomp_syscall_resolve_name(name);

    if (number < 0)
        return 0;
    return seccomp_rule_add_array(filter, action, number, condition != NULL,
                                  condition);
}

static int add_calls(scmp_filter_ctx filter, uint32_t action,
                     const char *const *names, size_t count)
{
    int failed = 0;

    for (size_t i = 0; failed == 0 && i < count; i++)
        failed = add_rule(filter, action, names[i], NULL);
    return failed;
}

static int add_conditions(scmp_filter_ctx filter)
{
    int failed = 0;

    for (size_t i = 0; failed == 0 && i < COUNT(conditions); i++) {
        const struct scmp_arg_cmp condition = { conditions[i].argument,
                                                SCMP_CMP_MASKED_EQ,
                                                conditions[i].mask,
                                                conditions[i].value };

        failed =
            add_rule(filter, SCMP_ACT_ALLOW, conditions[i].call, &condition);
    }
    return failed;
}

/* For abort(): signals to this process alone. */
static int add_own_signals(scmp_filter_ctx filter)
{
    const struct scmp_arg_cmp own = { 0, SCMP_CMP_EQ, (scmp_datum_t)getpid(),
                                      0 };

    return add_rule(filter, SCMP_ACT_ALLOW, "tgkill", &own);
}

static int add_rules(scmp_filter_ctx filter)
{
    int failed = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);

    if (failed == 0)
        failed = add_calls(filter, SCMP_ACT_KILL_PROCESS, fatal, COUNT(fatal));
    if (failed == 0)
        failed = add_calls(filter, SCMP_ACT_ALLOW, allowed, COUNT(allowed));
    if (failed == 0)
        failed = add_conditions(filter);
    return failed == 0 ? add_own_signals(filter) : failed;
}

/* ENOSYS for what is not allowed: libraries take that for an older kernel and
 * make an older call instead, pthread_create() for example. */
int hardening_filter(void)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
    int failed;

    if (filter == NULL)
        return ENOMEM;
    failed = add_rules(filter);
    if (failed == 0)
        failed = seccomp_load(filter);
    seccomp_release(filter);
    return -failed;
}

/* What holds. */

static const char *on_off(bool on)
{
    return on ? "on" : "off";
}

static const char *hardening_gap(int failed)
{
    if (!CONFINED)
        return "this build has sanitizers or counts coverage";
    if (failed != 0)
        return strerror(failed);
    return geteuid() == 0 ? "runs as root; set the option user" : "";
}

void hardening_finish(struct log *log)
{
    bool privileges = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1;
    bool readable = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0;
    struct rlimit core = { .rlim_cur = 1 };
    bool cores = getrlimit(RLIMIT_CORE, &core) != 0 || core.rlim_cur > 0;
    int failed = CONFINED ? hardening_filter() : 0;
    bool held = failed == 0 && !privileges && !cores &&
                (!readable || !CONFINED);

    log_line(log, held ? LOG_INFO : LOG_WARNING, "hardened",
             LOG_STRING("seccomp", on_off(CONFINED && failed == 0)),
             LOG_STRING("new_privileges", on_off(privileges)),
             LOG_STRING("core_dumps", on_off(cores)),
             LOG_STRING("memory_readable", on_off(readable)),
             LOG_NUMBER("uid", geteuid()),
             LOG_STRING("reason", hardening_gap(failed)), LOG_END);
}
