/* The employee daemon: what its pages share. */
#ifndef EMPLOYEE_H
#define EMPLOYEE_H

#include "cafe/catalog.h"
#include "cafe/pages.h"
#include "cafe/response.h"
#include "cafe/store.h"

struct employee {
    const struct service *service;
    struct catalog *catalog;
};

extern const struct route employee_routes[];

/* home.c */
handler_fn home_show;
handler_fn directory_list;

/* editor.c */
handler_fn editor_add_show;
handler_fn editor_add;
handler_fn editor_update_show;
handler_fn editor_save;
handler_fn editor_remove_show;
handler_fn editor_remove;

/* errors.c */

/** An error_page_fn: app is the struct employee. */
struct page *error_show(void *app, struct request *req, int status);

/* commands.c */

enum employee_command {
    COMMAND_MIGRATE = COMMAND_OWN,
    COMMAND_DRY_RUN = COMMAND_OWN << 1,
    COMMAND_UNESCAPE = COMMAND_OWN << 2,
    COMMAND_FORGET = COMMAND_OWN << 3
};

extern const struct command employee_commands[];

/** Run --migrate or --forget; returns the exit status. */
int commands_run(int command, const struct config *config,
                 const struct service_settings *settings);

#endif
