/* What `up` was told: a number a line, in the order of settings_of(). */
#include "settings.h"

enum { SETTINGS = 5 };

static void settings_of(struct site *site, uint64_t *settings[SETTINGS])
{
    settings[0] = &site->ports[0];
    settings[1] = &site->ports[1];
    settings[2] = &site->registry_port;
    settings[3] = &site->bake_s;
    settings[4] = &site->healthy_s;
}

enum error settings_write(struct site *site)
{
    char *path = site_path(site, "settings");
    uint64_t *settings[SETTINGS];
    struct text text;
    enum error err;

    settings_of(site, settings);
    text_init(&text, 0);
    for (size_t i = 0; i < SETTINGS; i++) {
        text_append_number(&text, *settings[i]);
        text_append_char(&text, '\n');
    }
    err = path ? site_write(site, path, &text, 0600) : ERROR_MEMORY;
    text_free(&text);
    return err;
}

enum error settings_read(struct site *site, bool *found)
{
    char *path = site_path(site, "settings");
    uint64_t *settings[SETTINGS];
    struct slice rest;
    enum error err = path ? site_read(site, path, &rest) : ERROR_MEMORY;

    settings_of(site, settings);
    *found = err == OK && rest.data;
    for (size_t i = 0; i < SETTINGS && *found && err == OK; i++) {
        uint64_t value;

        if (slice_number(slice_cut(&rest, '\n'), UINT16_MAX, &value) != OK)
            return fail(site, ERROR_SYSTEM, "%s: not written by this program",
                        path);
        if (*settings[i] == 0)
            *settings[i] = value;
    }
    return err;
}

void settings_complete(struct site *site)
{
    static const uint64_t defaults[SETTINGS] = { 8080, 8081, 5000, 15, 60 };
    uint64_t *settings[SETTINGS];

    settings_of(site, settings);
    for (size_t i = 0; i < SETTINGS; i++) {
        if (*settings[i] == 0)
            *settings[i] = defaults[i];
    }
}

enum error settings_need(struct site *site)
{
    bool found;
    enum error err = settings_read(site, &found);

    if (err == OK && !found)
        return fail(site, ERROR_CONFIG,
                    "no rehearsal is up in %s; first: cafe-deploy up",
                    site->folder);
    return err;
}
