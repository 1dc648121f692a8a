/* Listening sockets that a service manager has opened before the daemon
 * started, as sd_listen_fds(3) finds them: from descriptor 3 on. */
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "notify.h"

enum { FIRST_FD = 3, SOCKETS_MAX = 2 };

static bool is_listening(int fd)
{
    struct sockaddr_storage address;
    int type = 0, listens = 0;
    socklen_t address_len = sizeof(address);
    socklen_t type_len = sizeof(type), listens_len = sizeof(listens);

    return getsockname(fd, (struct sockaddr *)&address, &address_len) == 0 &&
           (address.ss_family == AF_INET || address.ss_family == AF_INET6) &&
           getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &type_len) == 0 &&
           type == SOCK_STREAM &&
           getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &listens_len) ==
               0 &&
           listens != 0;
}

/* One socket takes its place. */
static enum error passed_take(struct passed_sockets *passed, int fd,
                              struct slice name, struct text *error)
{
    bool ops = slice_is(name, "ops");
    int *slot = ops ? &passed->ops : &passed->main;

    if (!is_listening(fd)) {
        text_printf(error,
                    "environment LISTEN_FDS: descriptor %d is not a listening "
                    "TCP socket",
                    fd);
        return ERROR_CONFIG;
    }
    if (*slot >= 0) {
        text_printf(error, "environment LISTEN_FDS: descriptor %d: %s", fd,
                    ops ? "there is already one named 'ops'"
                        : "there is already one for pages; name the other one "
                          "'ops'");
        return ERROR_CONFIG;
    }
    *slot = fd;
    return OK;
}

static size_t count_names(struct slice names)
{
    size_t count = 1;

    for (size_t i = 0; i < names.len; i++)
        count += names.data[i] == ':';
    return count;
}

enum error passed_sockets_find(struct passed_sockets *passed,
                               struct text *error)
{
    const char *named = getenv("LISTEN_FDNAMES");
    struct slice names = slice_of(named != NULL ? named : "");
    uint64_t pid = 0, count = 0;
    enum error err;

    *passed = (struct passed_sockets){ -1, -1 };
    /* The variables are inherited by children: only the process that is named
     * may take the descriptors. */
    err = environment_number("LISTEN_PID", 1, INT32_MAX, &pid, error);
    if (err != OK || pid != (uint64_t)getpid())
        return err;
    err = environment_number("LISTEN_FDS", 1, SOCKETS_MAX, &count, error);
    if (err == OK && named != NULL && count_names(names) != count) {
        text_printf(error,
                    "environment LISTEN_FDNAMES: has %zu name%s for %llu "
                    "socket%s",
                    count_names(names), count_names(names) == 1 ? "" : "s",
                    (unsigned long long)count, count == 1 ? "" : "s");
        return ERROR_CONFIG;
    }
    for (int i = 0; err == OK && i < (int)count; i++)
        err = passed_take(passed, FIRST_FD + i, slice_cut(&names, ':'), error);
    return err;
}
