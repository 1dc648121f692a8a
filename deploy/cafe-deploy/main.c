/* cafe-deploy: the tutorial's deployment, rehearsed on this machine. Here are
 * its options and exit statuses. */
#include <errno.h>
#include <getopt.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cafe/base/version.h"
#include "commands.h"
#include "interrupt.h"

enum { STATUS_FAILED = 1, STATUS_WRONG = 2 };

static void print_help(FILE *out)
{
    fputs("usage: cafe-deploy [OPTION…] COMMAND\n\n", out);
    commands_help(out);
    fputs("\nSERVICE is customer or employee.\n\n"
          "  --state DIR         folder of its state (var/rehearsal)\n"
          "  --root DIR          folder of the sources (.)\n"
          "  --files DIR         folder of the deployment files "
          "(deploy/deployment)\n"
          "  --hooks DIR         folder of lifecycle hook programs "
          "(deploy/rehearsal/hooks)\n"
          "  --port N            port of listener 80, for up (8080)\n"
          "  --test-port N       port of listener 8080, for up (8081)\n"
          "  --registry-port N   port of the registry, for up (5000)\n"
          "  --bake SECONDS      wait between shifting traffic and ending the "
          "original\n"
          "                      tasks (15)\n"
          "  --healthy SECONDS   time for tasks to become healthy (60)\n"
          "                      later commands use the settings given to up\n"
          "  --wait              wait for another running command to finish\n"
          "  --watch             for status: repeat it every second\n\n"
          "Exit status: 0 on success; 1 when something failed or was "
          "interrupted by Ctrl-C,\nSIGTERM or SIGHUP (a deployment is then "
          "rolled back); 2 when you need to fix\nsomething first. After a kill "
          "or a crash, run: recover.\n",
          out);
}

/* Options. */

static const struct option options[] = {
    { "state", required_argument, NULL, 's' },
    { "root", required_argument, NULL, 'r' },
    { "files", required_argument, NULL, 'f' },
    { "hooks", required_argument, NULL, 'k' },
    { "port", required_argument, NULL, 'p' },
    { "test-port", required_argument, NULL, 't' },
    { "registry-port", required_argument, NULL, 'g' },
    { "bake", required_argument, NULL, 'b' },
    { "healthy", required_argument, NULL, 'y' },
    { "wait", no_argument, NULL, 'w' },
    { "watch", no_argument, NULL, 'W' },
    { "help", no_argument, NULL, 'h' },
    { "version", no_argument, NULL, 'V' },
    { NULL, 0, NULL, 0 }
};

static bool main_read_number(const char *option, const char *value,
                             uint64_t max, uint64_t *number)
{
    if (slice_number(slice_of(value), max, number) == OK && *number > 0)
        return true;
    fprintf(stderr, "cafe-deploy: --%s: '%s' is not a number from 1 to %u\n",
            option, value, (unsigned)max);
    return false;
}

static bool main_read_path(const char *option, const char *value,
                           const char **path)
{
    *path = value;
    if (*value == '\0')
        fprintf(stderr, "cafe-deploy: --%s: it is empty\n", option);
    return *value != '\0';
}

/* Returns -1 to go on, or the exit status. */
static int read_option(struct site *site, struct call *call, int letter,
                       const char *name)
{
    const struct {
        int letter;
        const char **path;
        uint64_t *number;
        uint64_t max;
    } values[] = {
        { 's', &site->folder, NULL, 0 },
        { 'r', &site->root, NULL, 0 },
        { 'f', &site->files, NULL, 0 },
        { 'k', &site->hooks, NULL, 0 },
        { 'p', NULL, &site->ports[0], UINT16_MAX },
        { 't', NULL, &site->ports[1], UINT16_MAX },
        { 'g', NULL, &site->registry_port, UINT16_MAX },
        { 'b', NULL, &site->bake_s, 3600 },
        { 'y', NULL, &site->healthy_s, 3600 },
    };

    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        bool good;

        if (values[i].letter != letter)
            continue;
        good = values[i].path != NULL
                   ? main_read_path(name, optarg, values[i].path)
                   : main_read_number(name, optarg, values[i].max,
                                      values[i].number);
        return good ? -1 : STATUS_WRONG;
    }
    if (letter == 'h')
        print_help(stdout);
    else if (letter == 'V')
        printf("cafe-deploy %s\n%s", version_text(), version_build());
    else if (letter != 'w' && letter != 'W')
        return STATUS_WRONG;
    call->wait |= letter == 'w';
    call->watch |= letter == 'W';
    return letter == 'h' || letter == 'V' ? EXIT_SUCCESS : -1;
}

/* One name for a folder however it is spelled, and one that holds wherever a
 * container or another process looks from. It need not be there yet. */
static const char *real_path(struct site *site, const char *path)
{
    char real[PATH_MAX], *name, *parent;
    const char *above;

    if (realpath(path, real) != NULL)
        return arena_copy(site->arena, real, strlen(real));
    name = arena_copy(site->arena, path, strlen(path));
    parent = arena_copy(site->arena, path, strlen(path));
    if (errno != ENOENT || name == NULL || parent == NULL)
        return NULL;
    parent = dirname(parent);
    above = strcmp(parent, path) == 0 ? NULL : real_path(site, parent);
    return above != NULL ? arena_printf(site->arena, "%s/%s",
                                        strcmp(above, "/") == 0 ? "" : above,
                                        basename(name))
                         : NULL;
}

static enum error find_paths(struct site *site)
{
    const char **paths[] = { &site->program, &site->folder, &site->root,
                             &site->files, &site->hooks };

    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        const char *real = real_path(site, *paths[i]);

        if (real == NULL)
            return fail(site, ERROR_CONFIG, "%s: %s", *paths[i],
                        strerror(errno));
        *paths[i] = real;
    }
    return OK;
}

static int main_status_of(struct site *site, enum error err)
{
    if (err == OK && interrupted() != NULL)
        fprintf(stderr,
                "cafe-deploy: %s came too late to stop this; it is complete\n",
                interrupted());
    if (err == OK)
        return EXIT_SUCCESS;
    fprintf(stderr, "cafe-deploy: %s\n",
            site->error.len > 0 ? text_string(&site->error) : error_text(err));
    return err == ERROR_CONFIG || err == ERROR_BUSY ? STATUS_WRONG
                                                    : STATUS_FAILED;
}

int main(int argc, char **argv)
{
    struct site site = { .program = "/proc/self/exe",
                         .folder = "var/rehearsal",
                         .root = ".",
                         .files = "deploy/deployment",
                         .hooks = "deploy/rehearsal/hooks" };
    struct call call = { .wait = false };
    const struct command *command;
    int letter, index = 0, status = -1;
    enum error err;

    signal(SIGPIPE, SIG_IGN); /* a deployment needs no reader */
    while (status < 0 &&
           (letter = getopt_long(argc, argv, "", options, &index)) != -1)
        status = read_option(&site, &call, letter, options[index].name);
    if (status >= 0)
        return status;
    command = command_find(argc - optind, argv + optind, &call);
    if (command == NULL) {
        print_help(stderr);
        return STATUS_WRONG;
    }
    site.arena = arena_open(0);
    text_init(&site.error, 0);
    err = site.arena != NULL ? find_paths(&site) : ERROR_MEMORY;
    if (err == OK)
        err = command_run(&site, command, &call);
    status = main_status_of(&site, err);
    text_free(&site.error);
    arena_close(site.arena);
    return status;
}
