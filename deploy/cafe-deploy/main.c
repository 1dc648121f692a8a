/* cafe-deploy: the tutorial's deployment, rehearsed on this machine. Here are
 * its options and exit statuses. */
#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"

enum { STATUS_FAILED = 1, STATUS_WRONG = 2 };

static void print_help(FILE *out)
{
    fputs("usage: cafe-deploy [OPTION…] COMMAND\n\n", out);
    commands_help(out);
    fputs("\nSERVICE is customer or employee.\n\n"
          "  --state DIR         where it keeps its state (var/rehearsal)\n"
          "  --root DIR          the sources (.)\n"
          "  --files DIR         the deployment files (deploy/deployment)\n"
          "  --hooks DIR         programs for lifecycle hooks "
          "(deploy/rehearsal/hooks)\n"
          "  --port N            of listener 80, for up (8080)\n"
          "  --test-port N       of listener 8080, for up (8081)\n"
          "  --registry-port N   for up (5000)\n"
          "  --bake SECONDS      between shifting traffic and ending the "
          "original tasks (15)\n"
          "  --healthy SECONDS   that tasks may take to become healthy (60)\n"
          "                      what up is told holds for later commands\n"
          "  --wait              for something else that is under way\n"
          "  --watch             for status: renew it every second\n\n"
          "It exits with 0, with 1 when something failed (a deployment is "
          "rolled back then),\nor with 2 when there is something to mend "
          "first.\n",
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

static bool read_number(const char *option, const char *value, uint64_t max,
                        uint64_t *number)
{
    if (slice_number(slice_of(value), max, number) == OK && *number > 0)
        return true;
    fprintf(stderr, "cafe-deploy: --%s: '%s' is no number from 1 to %u\n",
            option, value, (unsigned)max);
    return false;
}

/* Returns -1 to go on, or the exit status. */
static int read_option(struct site *site, struct call *call, int letter)
{
    switch (letter) {
    case 's':
        site->folder = optarg;
        return -1;
    case 'r':
        site->root = optarg;
        return -1;
    case 'f':
        site->files = optarg;
        return -1;
    case 'k':
        site->hooks = optarg;
        return -1;
    case 'p':
        return read_number("port", optarg, UINT16_MAX, &site->ports[0])
                   ? -1
                   : STATUS_WRONG;
    case 't':
        return read_number("test-port", optarg, UINT16_MAX, &site->ports[1])
                   ? -1
                   : STATUS_WRONG;
    case 'g':
        return read_number("registry-port", optarg, UINT16_MAX,
                           &site->registry_port)
                   ? -1
                   : STATUS_WRONG;
    case 'b':
        return read_number("bake", optarg, 3600, &site->bake_s) ? -1
                                                                : STATUS_WRONG;
    case 'y':
        return read_number("healthy", optarg, 3600, &site->healthy_s)
                   ? -1
                   : STATUS_WRONG;
    case 'w':
        call->wait = true;
        return -1;
    case 'W':
        call->watch = true;
        return -1;
    case 'h':
        print_help(stdout);
        return 0;
    case 'V':
        puts("cafe-deploy " CAFE_VERSION);
        return 0;
    default:
        return STATUS_WRONG;
    }
}

/* Paths that hold wherever a container or another process looks from. */
static bool make_absolute(struct site *site, const char **path)
{
    char folder[PATH_MAX];

    if (**path == '/')
        return true;
    if (!realpath(".", folder))
        return false;
    *path = strcmp(*path, ".") == 0
                ? arena_copy(site->arena, folder, strlen(folder))
                : arena_printf(site->arena, "%s/%s", folder, *path);
    return *path != NULL;
}

static bool find_self(struct site *site)
{
    char path[PATH_MAX];

    if (!realpath("/proc/self/exe", path))
        return false;
    site->program = arena_copy(site->arena, path, strlen(path));
    return site->program && make_absolute(site, &site->folder) &&
           make_absolute(site, &site->root) &&
           make_absolute(site, &site->files) &&
           make_absolute(site, &site->hooks);
}

static int status_of(struct site *site, enum error err)
{
    if (err == OK)
        return EXIT_SUCCESS;
    fprintf(stderr, "cafe-deploy: %s\n",
            site->error.len > 0 ? text_string(&site->error) : error_text(err));
    return err == ERROR_CONFIG || err == ERROR_BUSY ? STATUS_WRONG
                                                    : STATUS_FAILED;
}

int main(int argc, char **argv)
{
    struct site site = { .folder = "var/rehearsal",
                         .root = ".",
                         .files = "deploy/deployment",
                         .hooks = "deploy/rehearsal/hooks" };
    struct call call = { .wait = false };
    const struct command *command;
    int letter, status = -1;

    while (status < 0 &&
           (letter = getopt_long(argc, argv, "", options, NULL)) != -1)
        status = read_option(&site, &call, letter);
    if (status >= 0)
        return status;
    command = command_find(argc - optind, argv + optind, &call);
    if (!command) {
        print_help(stderr);
        return STATUS_WRONG;
    }
    site.arena = arena_open(0);
    text_init(&site.error, 0);
    status = site.arena && find_self(&site)
                 ? status_of(&site, command_run(&site, command, &call))
                 : STATUS_FAILED;
    text_free(&site.error);
    arena_close(site.arena);
    return status;
}
