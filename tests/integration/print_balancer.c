/* Prints the haproxy.cfg of a rehearsal with one task of each service:
 *
 *     print_balancer balancer.yaml listeners.yaml CUSTOMER EMPLOYEE
 *
 * The last two are addresses. */
#include <stdio.h>
#include <string.h>

#include "balancer_config.h"
#include "cafe/base/file.h"
#include "files.h"

enum { TEMPLATES = 2, FILE_MAX_BYTES = 1024 * 1024 };

static enum error print_balancer_read(struct arena *arena, char **paths,
                                      struct load_balancer *balancer,
                                      struct text *error)
{
    struct template_source templates[TEMPLATES];

    for (size_t i = 0; i < TEMPLATES; i++) {
        struct text text;
        enum error err;

        text_init(&text, FILE_MAX_BYTES);
        err = file_read(paths[i], &text, error);
        templates[i].path = paths[i];
        templates[i].text = arena_slice(arena, text_slice(&text));
        text_free(&text);
        if (err != OK)
            return err;
    }
    return load_balancer_read(arena, templates, TEMPLATES, balancer, error);
}

/* The first group of each service serves. */
static void serve(const struct load_balancer *balancer, const char *service,
                  const char *address, struct wanted_servers *servers)
{
    for (size_t i = 0; i < GROUPS; i++) {
        const char *group = balancer->groups[i].name;

        if (strncmp(group, service, strlen(service)) != 0)
            continue;
        servers->items[servers->count++] =
            (struct wanted_server){ group, service, address, SERVING_WEIGHT };
        return;
    }
}

int main(int argc, char **argv)
{
    struct arena *arena = arena_open(0);
    struct wanted_servers servers = { 0 };
    struct load_balancer balancer;
    struct text error, config;
    enum error err = ERROR_CONFIG;

    text_init(&error, 0);
    text_init(&config, 0);
    if (argc == 5 && arena != NULL)
        err = print_balancer_read(arena, argv + 1, &balancer, &error);
    if (err == OK) {
        serve(&balancer, service_names[0], argv[3], &servers);
        serve(&balancer, service_names[1], argv[4], &servers);
        balancer_config(&balancer, &servers, &config);
        fputs(text_string(&config), stdout);
    } else {
        fprintf(stderr, "print_balancer: %s\n", text_string(&error));
    }
    text_free(&error);
    text_free(&config);
    arena_close(arena);
    return err == OK && fflush(stdout) == 0 ? 0 : 1;
}
