/* What the filter of a daemon refuses, tried in a child that has loaded it. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "hardening.h"

enum { NO_FILTER = 77 };

/* How a child ends that loads the filter and then does this. It exits with what
 * `act` returns: 0 or an errno. */
static int outcome(int (*act)(void))
{
    pid_t child = fork();
    int status = 0;

    assert_true(child >= 0);
    if (child == 0)
        _exit(hardening_filter() == 0 ? act() : NO_FILTER);
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void assert_fails(int (*act)(void), int with)
{
    int status = outcome(act);

    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), with);
}

static void assert_killed(int (*act)(void))
{
    int status = outcome(act);

    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGSYS);
}

static int errno_if(bool failed)
{
    return failed ? errno : 0;
}

static int run_program(void)
{
    char *const argv[] = { (char[]){ "true" }, NULL };

    return errno_if(execv("/bin/true", argv) != 0);
}

static int trace_parent(void)
{
    return errno_if(ptrace(PTRACE_ATTACH, getppid(), NULL, NULL) != 0);
}

static int read_parent(void)
{
    char byte;
    struct iovec here = { &byte, 1 };
    struct iovec there = { &byte, 1 };

    return errno_if(process_vm_readv(getppid(), &here, 1, &there, 1, 0) < 0);
}

static void test_calls_that_end_the_process(void **state)
{
    (void)state;
    assert_killed(run_program);
    assert_killed(trace_parent);
    assert_killed(read_parent);
}

static int write_file(void)
{
    return errno_if(open("/dev/null", O_WRONLY | O_CLOEXEC) < 0);
}

static int change_file(void)
{
    return errno_if(open("/dev/null", O_RDWR | O_CLOEXEC) < 0);
}

static int make_file(void)
{
    return errno_if(open("/dev/null", O_RDONLY | O_CREAT | O_CLOEXEC, 0600) <
                    0);
}

static int remove_file(void)
{
    return errno_if(unlink("/nonexistent/file") != 0);
}

static int listen_again(void)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    return fd < 0 ? EIO : errno_if(listen(fd, 1) != 0);
}

static int open_netlink(void)
{
    return errno_if(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0) < 0);
}

static int open_packet(void)
{
    return errno_if(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0) < 0);
}

static int open_vsock(void)
{
    return errno_if(socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0) < 0);
}

static int fork_child(void)
{
    pid_t child = fork();

    if (child == 0)
        _exit(0);
    return errno_if(child < 0);
}

static int signal_parent(void)
{
    return errno_if(kill(getppid(), 0) != 0);
}

static int raise_limit(void)
{
    const struct rlimit none = { 0, 0 };

    return errno_if(setrlimit(RLIMIT_CORE, &none) != 0);
}

static void test_calls_that_fail(void **state)
{
    int (*const acts[])(void) = { write_file,    change_file,  make_file,
                                  remove_file,   listen_again, open_netlink,
                                  open_packet,   open_vsock,   fork_child,
                                  signal_parent, raise_limit };

    (void)state;
    for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++)
        assert_fails(acts[i], ENOSYS);
}

static void *do_nothing(void *argument)
{
    return argument;
}

static int start_thread(void)
{
    pthread_t thread;
    int failed = pthread_create(&thread, NULL, do_nothing, NULL);

    return failed != 0 ? failed : pthread_join(thread, NULL);
}

static int read_file(void)
{
    return errno_if(open("/dev/null", O_RDONLY | O_CLOEXEC) < 0);
}

static int open_sockets(void)
{
    return errno_if(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0) < 0 ||
                    socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0) < 0);
}

static int open_ipv6(void)
{
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);

    /* A machine without IPv6 says so. */
    return errno_if(fd < 0 && errno != EAFNOSUPPORT);
}

static void test_calls_of_a_daemon(void **state)
{
    (void)state;
    assert_fails(start_thread, 0);
    assert_fails(read_file, 0);
    assert_fails(open_sockets, 0);
    assert_fails(open_ipv6, 0);
}

static int end_with_abort(void)
{
    signal(SIGABRT, SIG_DFL);
    abort();
}

static void test_abort_is_an_abort(void **state)
{
    int status = outcome(end_with_abort);

    (void)state;
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
}

/* A thread that was there before the filter. */

struct earlier {
    pthread_barrier_t filtered;
    int seen;
};

static void *write_later(void *argument)
{
    struct earlier *earlier = argument;

    pthread_barrier_wait(&earlier->filtered);
    earlier->seen = write_file();
    return NULL;
}

static int filter_earlier_thread(void)
{
    struct earlier earlier;
    pthread_t thread;

    if (pthread_barrier_init(&earlier.filtered, NULL, 2) != 0 ||
        pthread_create(&thread, NULL, write_later, &earlier) != 0 ||
        hardening_filter() != 0)
        return NO_FILTER;
    pthread_barrier_wait(&earlier.filtered);
    return pthread_join(thread, NULL) != 0 ? NO_FILTER : earlier.seen;
}

static void test_threads_that_ran_before(void **state)
{
    pid_t child = fork();
    int status = 0;

    (void)state;
    assert_true(child >= 0);
    if (child == 0)
        _exit(filter_earlier_thread());
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), ENOSYS);
}

static int begin(void)
{
    struct rlimit core = { 1, 1 };

    hardening_begin();
    if (getrlimit(RLIMIT_CORE, &core) != 0 || core.rlim_max != 0)
        return 1;
    return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? 0 : 2;
}

static void test_cores_and_privileges(void **state)
{
    pid_t child = fork();
    int status = 0;

    (void)state;
    assert_true(child >= 0);
    if (child == 0)
        _exit(begin());
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void test_users_that_cannot_be(void **state)
{
    struct text error;

    (void)state;
    text_init(&error, 0);
    assert_int_equal(hardening_become("", &error), OK);
    assert_int_equal(error.len, 0);
    assert_int_equal(hardening_become("no-such-user", &error), ERROR_CONFIG);
    assert_string_equal(text_string(&error), "there is no user 'no-such-user'");
    text_free(&error);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_calls_that_end_the_process),
        cmocka_unit_test(test_calls_that_fail),
        cmocka_unit_test(test_calls_of_a_daemon),
        cmocka_unit_test(test_abort_is_an_abort),
        cmocka_unit_test(test_threads_that_ran_before),
        cmocka_unit_test(test_cores_and_privileges),
        cmocka_unit_test(test_users_that_cannot_be),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
