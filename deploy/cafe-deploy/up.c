/* Starting and ending what the services stand on. Each step looks whether it
 * was done before, so `up` may be called again at any time. */
#include "up.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "balancer.h"
#include "docker.h"
#include "parts.h"
#include "pipeline.h"
#include "settings.h"

enum { SHORT_S = 30, SECRET_BYTES = 18 };

static const char *const accounts[] = { "root", "migrate", "customer",
                                        "employee", NULL };
static const char *const folders[] = { "locks",    "services",     "taskdefs",
                                       "secrets",  "balancer",     "registry",
                                       "database", "repositories", "pipelines",
                                       NULL };
static const char *const files[] = { "events.log",     "events.pid",
                                     "events.pid.new", "settings.new",
                                     "settings",       NULL };
static const char *const repositories[] = { "microservices", "deployment",
                                            NULL };

/* Files. */

static enum error make_folders(struct site *site)
{
    enum error err = OK;

    for (size_t i = 0; folders[i] != NULL && err == OK; i++) {
        char *path = site_path(site, "%s", folders[i]);

        err = path != NULL ? site_folder(site, path, 0755) : ERROR_MEMORY;
    }
    return err;
}

/* A password of hex digits, which need no quoting anywhere. Only the owner may
 * enter the folder above; the file itself has to be readable for the users of
 * containers. */
static enum error make_secret(struct site *site, const char *account)
{
    char *path = site_path(site, "secrets/%s.password", account);
    unsigned char bytes[SECRET_BYTES];
    struct text text;
    enum error err;

    if (path == NULL)
        return ERROR_MEMORY;
    if (access(path, F_OK) == 0)
        return OK;
    if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
        return fail(site, ERROR_SYSTEM, "no random bytes");
    text_init(&text, 0);
    for (size_t i = 0; i < sizeof(bytes); i++)
        text_printf(&text, "%02x", bytes[i]);
    err = site_write(site, path, &text, 0444);
    text_free(&text);
    return err;
}

/* The daemons ask for TLS, as they do with RDS. */
static enum error make_certificate(struct site *site)
{
    char *key = site_path(site, "database/key.pem");
    char *certificate = site_path(site, "database/certificate.pem");
    struct command_line line = { .count = 0 };
    enum error err = OK;

    if (key == NULL || certificate == NULL)
        return ERROR_MEMORY;
    command_add_all(&line, "openssl", "req", "-x509", "-newkey", "ec",
                    "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
                    "3650", "-subj", "/CN=db", "-keyout", key, "-out",
                    certificate, NULL);
    if (access(certificate, F_OK) != 0)
        err = program_run(site, &line, SHORT_S, "openssl", NULL);
    if (err == OK && (chmod(key, 0444) != 0 || chmod(certificate, 0444) != 0))
        return fail(site, ERROR_SYSTEM, "%s: %s", key, strerror(errno));
    return err;
}

/* Without gc, which would pack the branch into another file than the one that a
 * pipeline looks at. */
static enum error make_repository(struct site *site, const char *name)
{
    char *path = site_path(site, "repositories/%s.git", name);
    struct command_line init = { .count = 0 }, keep = { .count = 0 };
    enum error err;

    if (path == NULL)
        return ERROR_MEMORY;
    command_add_all(&init, "git", "init", "--quiet", "--bare",
                    "--initial-branch=dev", path, NULL);
    command_add_all(&keep, "git", "--git-dir", path, "config", "gc.auto", "0",
                    NULL);
    err = program_run(site, &init, SHORT_S, "git init", NULL);
    return err == OK ? program_run(site, &keep, SHORT_S, "git config", NULL)
                     : err;
}

/* Containers. */

static enum error check_port(struct site *site, const char *flag, uint64_t port)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons((uint16_t)port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool free_;

    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    free_ = bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0;
    close(fd);
    return free_ ? OK
                 : fail(site, ERROR_CONFIG,
                        "port %u is taken; choose another: %s N",
                        (unsigned)port, flag);
}

/* One Docker has one rehearsal: names and addresses of its containers are
 * fixed. */
static enum error check_owner(struct site *site, bool *fresh)
{
    const char *owner;
    enum error err = docker_network_owner(site, &owner);

    if (err != OK)
        return err;
    *fresh = owner == NULL;
    if (owner != NULL && strcmp(owner, site->folder) != 0)
        return fail(site, ERROR_CONFIG,
                    "the rehearsal in %s is running; first: cafe-deploy "
                    "--state %s down",
                    owner, owner);
    return OK;
}

/* The settings come first: a folder that has them is ours, see clear(). */
static enum error up_prepare(struct site *site)
{
    enum error err = site_folder(site, site->folder, 0700);

    if (err == OK)
        err = settings_write(site);
    if (err == OK)
        err = make_folders(site);
    for (size_t i = 0; accounts[i] != NULL && err == OK; i++)
        err = make_secret(site, accounts[i]);
    for (size_t i = 0; repositories[i] != NULL && err == OK; i++)
        err = make_repository(site, repositories[i]);
    if (err == OK)
        err = make_certificate(site);
    return err == OK ? balancer_init(site) : err;
}

static enum error up_check_ports(struct site *site)
{
    const struct {
        const char *flag;
        uint64_t number;
    } ports[] = { { "--port", site->ports[0] },
                  { "--test-port", site->ports[1] },
                  { "--registry-port", site->registry_port } };
    enum error err = OK;

    for (size_t i = 0; i < sizeof(ports) / sizeof(ports[0]) && err == OK; i++) {
        for (size_t j = 0; j < i && err == OK; j++) {
            if (ports[i].number == ports[j].number)
                err = fail(site, ERROR_CONFIG, "%s and %s are both %u",
                           ports[j].flag, ports[i].flag,
                           (unsigned)ports[i].number);
        }
        if (err == OK)
            err = check_port(site, ports[i].flag, ports[i].number);
    }
    return err;
}

/* A folder with other files would lose them to `down`. */
static enum error check_folder(struct site *site)
{
    char *settings = site_path(site, "settings");
    DIR *entries;
    enum error err = OK;

    if (settings == NULL)
        return ERROR_MEMORY;
    if (access(settings, F_OK) == 0 ||
        (entries = opendir(site->folder)) == NULL)
        return OK;
    for (struct dirent *entry;
         err == OK && (entry = readdir(entries)) != NULL;) {
        if (entry->d_name[0] != '.' &&
            strcmp(entry->d_name, "settings.new") != 0)
            err = fail(site, ERROR_CONFIG,
                       "%s is not a rehearsal folder: it contains %s; choose "
                       "another with --state",
                       site->folder, entry->d_name);
    }
    closedir(entries);
    return err;
}

enum error site_up(struct site *site)
{
    bool fresh, found = false;
    enum error err = docker_check(site);

    if (err != OK || (err = check_folder(site)) != OK ||
        (err = check_owner(site, &fresh)) != OK ||
        (!fresh && (err = settings_read(site, &found)) != OK))
        return err;
    settings_complete(site);
    if ((fresh && (err = up_check_ports(site)) != OK) ||
        (err = up_prepare(site)) != OK ||
        (fresh && (err = docker_make_network(site)) != OK))
        return err;
    if ((err = parts_start(site)) != OK || (err = balancer_sync(site)) != OK)
        return err;
    say("Load balancer: http://127.0.0.1:%u (listener %u), "
        "http://127.0.0.1:%u (listener %u)",
        (unsigned)site->ports[0], site->balancer.listeners[0].port,
        (unsigned)site->ports[1], site->balancer.listeners[1].port);
    say("Registry: 127.0.0.1:%u", (unsigned)site->registry_port);
    say("Repositories: %s/repositories/{microservices,deployment}.git",
        site->folder);
    return events_start(site);
}

/* Ending. */

/* Wait for the runs: one that was told to end rolls back first, and would start
 * tasks after they were removed here. */
static enum error await_runs(struct site *site)
{
    char *locks = site_path(site, "locks");
    enum error err = locks != NULL ? OK : ERROR_MEMORY;

    for (size_t i = 0; i < SERVICES && err == OK; i++) {
        if (access(locks, F_OK) != 0)
            return OK;
        err = site_lock(site, service_names[i], false, NULL);
        if (err != ERROR_BUSY)
            continue;
        say("Waiting for the running command for %s to finish",
            service_names[i]);
        err = site_lock(site, service_names[i], true, NULL);
    }
    return err;
}

static int up_remove_entry(const char *path, const struct stat *status,
                           int kind, struct FTW *walk)
{
    (void)status;
    (void)kind;
    (void)walk;
    return remove(path);
}

static enum error remove_tree(struct site *site, const char *name)
{
    char *path = site_path(site, "%s", name);

    if (path == NULL)
        return ERROR_MEMORY;
    if (nftw(path, up_remove_entry, 16, FTW_DEPTH | FTW_PHYS) != 0 &&
        errno != ENOENT)
        return fail(site, ERROR_SYSTEM, "%s: %s", path, strerror(errno));
    return OK;
}

/* Remove only what a rehearsal makes, and its settings last: a folder that has
 * them is still known as a rehearsal's when this is interrupted. */
static enum error clear(struct site *site)
{
    char *settings = site_path(site, "settings");
    enum error err = OK;

    if (settings == NULL)
        return ERROR_MEMORY;
    if (access(settings, F_OK) != 0)
        return OK;
    for (size_t i = 0; folders[i] != NULL && err == OK; i++)
        err = remove_tree(site, folders[i]);
    for (size_t i = 0; files[i] != NULL && err == OK; i++)
        err = remove_tree(site, files[i]);
    if (err == OK && rmdir(site->folder) != 0)
        return fail(site, ERROR_SYSTEM,
                    "%s: not removed, it contains other files", site->folder);
    return err;
}

enum error site_down(struct site *site)
{
    bool fresh;
    enum error err = docker_check(site);

    if (err != OK || (err = check_owner(site, &fresh)) != OK ||
        (err = events_stop(site)) != OK || (err = await_runs(site)) != OK ||
        (err = docker_remove_all(site)) != OK ||
        (!fresh && (err = docker_remove_network(site)) != OK))
        return err;
    return clear(site);
}
