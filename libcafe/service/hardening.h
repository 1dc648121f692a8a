/* What a daemon gives up once it serves, so that a fault in it is worth less to
 * an attacker. Linux only. */
#ifndef CAFE_HARDENING_H
#define CAFE_HARDENING_H

#include "cafe/base/log.h"

/**
 * Go on as another user, with its groups: for daemons that root starts. Before
 * anything is opened, so that what this user can't read shows at the start.
 *
 * user    Its name; "" changes nothing, and so does the name of the current
 *         user.
 * error   One line that says what to do.
 * Errors  ERROR_CONFIG, ERROR_SYSTEM.
 * Thread  Before others are started.
 */
MUST_CHECK enum error hardening_become(const char *user, struct text *error);

/**
 * Gain no privileges by execve() (PR_SET_NO_NEW_PRIVS), write no core file
 * (RLIMIT_CORE), and let no other process of the same user read the memory
 * (PR_SET_DUMPABLE). Builds with sanitizers stay readable, because
 * LeakSanitizer attaches to the process. What fails is reported by
 * hardening_finish().
 *
 * Thread  Before others are started: they inherit it.
 */
void hardening_begin(void);

/**
 * Allow all threads only the system calls of a daemon that serves (seccomp).
 * execve(), ptrace() and reading other processes' memory end the process.
 * Everything else that is not allowed fails with ENOSYS, such as opening a file
 * for writing, or a socket that is neither Unix, IPv4 nor IPv6.
 *
 * Returns  0, or an errno: ENOSYS or EINVAL without seccomp in the kernel.
 * Thread   Any; the filter is for those that run and those that follow.
 */
int hardening_filter(void);

/**
 * Load the filter, unless the build has sanitizers or counts coverage: these
 * open files and attach to the process. Log what holds as one line, a warning
 * if something does not.
 */
void hardening_finish(struct log *log);

#endif
