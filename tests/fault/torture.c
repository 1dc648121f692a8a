/*
 * Makes the n-th of our own allocations, reads or writes fail. Linked into the
 * daemons of the dev preset by -Wl,--wrap, so that only calls from our own
 * objects come here. Without CAFE_TORTURE_FILE nothing is changed.
 *
 * The file holds a struct torture, shared with the test: it sets how many
 * calls of a kind still succeed; when that is 0 one fails.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum kind { ALLOCATIONS, READS, WRITES, KINDS };

struct torture {
    _Atomic int64_t left[KINDS];   /* below 0: none fails */
    _Atomic int64_t failed[KINDS]; /* so many have failed */
};

static struct torture *torture;

void *__real_malloc(size_t bytes);
void *__real_calloc(size_t count, size_t bytes);
void *__real_realloc(void *old, size_t bytes);
ssize_t __real_recv(int fd, void *buffer, size_t len, int flags);
ssize_t __real_writev(int fd, const struct iovec *parts, int count);

void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes);
void *__wrap_realloc(void *old, size_t bytes);
ssize_t __wrap_recv(int fd, void *buffer, size_t len, int flags);
ssize_t __wrap_writev(int fd, const struct iovec *parts, int count);

__attribute__((constructor)) static void open_torture(void)
{
    const char *path = getenv("CAFE_TORTURE_FILE");
    int fd = path != NULL ? open(path, O_RDWR | O_CLOEXEC) : -1;
    void *memory;

    if (fd < 0)
        return;
    memory =
        mmap(NULL, sizeof(*torture), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (memory != MAP_FAILED)
        torture = memory;
}

/* It is this call's turn to fail. */
static int fails(enum kind kind)
{
    if (torture == NULL || atomic_load(&torture->left[kind]) < 0 ||
        atomic_fetch_sub(&torture->left[kind], 1) != 0)
        return 0;
    atomic_fetch_add(&torture->failed[kind], 1);
    return 1;
}

void *__wrap_malloc(size_t bytes)
{
    return fails(ALLOCATIONS) ? NULL : __real_malloc(bytes);
}

void *__wrap_calloc(size_t count, size_t bytes)
{
    return fails(ALLOCATIONS) ? NULL : __real_calloc(count, bytes);
}

void *__wrap_realloc(void *old, size_t bytes)
{
    return fails(ALLOCATIONS) ? NULL : __real_realloc(old, bytes);
}

ssize_t __wrap_recv(int fd, void *buffer, size_t len, int flags)
{
    if (fails(READS)) {
        errno = ECONNRESET;
        return -1;
    }
    return __real_recv(fd, buffer, len, flags);
}

ssize_t __wrap_writev(int fd, const struct iovec *parts, int count)
{
    if (fails(WRITES)) {
        errno = EPIPE;
        return -1;
    }
    return __real_writev(fd, parts, count);
}
