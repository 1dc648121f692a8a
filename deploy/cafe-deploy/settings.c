/* The settings of `up`: one number on each line, in the order of the table. */
#include "settings.h"

#include <stddef.h>

static const struct setting {
    const char *flag;
    size_t offset; /* of a uint64_t in struct site */
    uint64_t usual;
    bool fixed; /* while it is up */
} settings[] = {
    { "--port", offsetof(struct site, ports[0]), 8080, true },
    { "--test-port", offsetof(struct site, ports[1]), 8081, true },
    { "--registry-port", offsetof(struct site, registry_port), 5000, true },
    { "--bake", offsetof(struct site, bake_s), 15, false },
    { "--healthy", offsetof(struct site, healthy_s), 60, false },
};

enum { SETTINGS = sizeof(settings) / sizeof(settings[0]) };

static uint64_t *settings_value_of(struct site *site,
                                   const struct setting *setting)
{
    return (uint64_t *)(void *)((char *)site + setting->offset);
}

enum error settings_write(struct site *site)
{
    char *path = site_path(site, "settings");
    struct text text;
    enum error err;

    text_init(&text, 0);
    for (size_t i = 0; i < SETTINGS; i++) {
        text_append_number(&text, *settings_value_of(site, &settings[i]));
        text_append_char(&text, '\n');
    }
    err = path != NULL ? site_write(site, path, &text, 0600) : ERROR_MEMORY;
    text_free(&text);
    return err;
}

/* A setting with what was kept of it. */
static enum error settings_take(struct site *site,
                                const struct setting *setting, uint64_t kept)
{
    uint64_t *value = settings_value_of(site, setting);

    if (*value == 0)
        *value = kept;
    if (setting->fixed && *value != kept)
        return fail(site, ERROR_CONFIG,
                    "%s %u: it is running with %u; first: cafe-deploy down",
                    setting->flag, (unsigned)*value, (unsigned)kept);
    return OK;
}

enum error settings_read(struct site *site, bool *found)
{
    char *path = site_path(site, "settings");
    struct slice rest;
    enum error err = path != NULL ? site_read(site, path, &rest) : ERROR_MEMORY;

    *found = err == OK && rest.data != NULL;
    for (size_t i = 0; i < SETTINGS && *found && err == OK; i++) {
        uint64_t kept;

        if (slice_number(slice_cut(&rest, '\n'), UINT16_MAX, &kept) != OK)
            return fail(site, ERROR_SYSTEM, "%s: not written by this program",
                        path);
        err = settings_take(site, &settings[i], kept);
    }
    return err;
}

void settings_complete(struct site *site)
{
    for (size_t i = 0; i < SETTINGS; i++) {
        uint64_t *value = settings_value_of(site, &settings[i]);

        if (*value == 0)
            *value = settings[i].usual;
    }
}

enum error settings_need(struct site *site)
{
    bool found;
    enum error err = settings_read(site, &found);

    if (err == OK && !found)
        return fail(site, ERROR_CONFIG,
                    "no rehearsal is running in %s; first: cafe-deploy up",
                    site->folder);
    return err;
}
