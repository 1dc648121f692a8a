/* The rehearsal on this machine: where it keeps its state, which ports it has,
 * and what all commands need. */
#ifndef CAFE_DEPLOY_SITE_H
#define CAFE_DEPLOY_SITE_H

#include "files.h"

enum { SERVICES = 2 };

/** The services of this directory: "customer", "employee"; NULL-terminated. */
extern const char *const service_names[SERVICES + 1];

/** Made by main(), for one command. Strings live in the arena; numbers are 0
 * until the settings are read. */
struct site {
    struct arena *arena;
    struct text error;   /* why a command failed: one line */
    const char *program; /* the path of cafe-deploy itself */
    const char *folder;  /* of the state, absolute; nobody else reads it */
    const char *files;   /* the deployment files, "deploy/deployment" */
    const char *hooks;   /* programs for lifecycle hooks */
    const char *root;    /* of the sources: templates, SQL */
    uint64_t ports[LISTENERS]; /* on 127.0.0.1, for listeners 80 and 8080 */
    uint64_t registry_port;    /* on 127.0.0.1 */
    uint64_t bake_s;           /* between shifting traffic and ending blue */
    uint64_t healthy_s;        /* that tasks may take to become healthy */
    struct load_balancer balancer; /* as the template has it */
};

/**
 * Say why a command fails; only the first reason is kept.
 *
 * Returns  `err`, for `return fail(site, ERROR_CONFIG, "…")`. ERROR_CONFIG is
 *          for what the person who called can fix: status 2.
 */
enum error fail(struct site *site, enum error err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/** Say what is done: one line on standard output, at once. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** Sleep for a while between two looks at something. */
void pause_ms(unsigned ms);

/** "FOLDER/NAME…" of the state, in the arena; never NULL but out of memory. */
char *site_path(struct site *site, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/** "ROOT/NAME" of the sources, likewise. */
char *site_source(struct site *site, const char *name);

/** Make a folder of the state with those above it. Errors  ERROR_SYSTEM. */
MUST_CHECK enum error site_folder(struct site *site, const char *path,
                                  unsigned mode);

/**
 * Replace a file as a whole: a reader sees the old or the new one, also after
 * a crash.
 *
 * Errors  ERROR_SYSTEM, ERROR_MEMORY.
 */
MUST_CHECK enum error site_write(struct site *site, const char *path,
                                 const struct text *content, unsigned mode);

/**
 * Remove what site_write() has left unfinished in a folder of the state, when
 * it was killed. Whoever calls this holds the lock of these files.
 *
 * prefix  Of the files' names; "" for all.
 */
void site_forget_unfinished(struct site *site, const char *folder,
                            const char *prefix);

/**
 * Read a file of the state.
 *
 * content  In the arena; absent when there is no such file.
 * Errors   ERROR_SYSTEM, ERROR_MEMORY.
 */
MUST_CHECK enum error site_read(struct site *site, const char *path,
                                struct slice *content);

/**
 * Hold a lock of the state until the process ends.
 *
 * name    A service, "balancer" or "events".
 * wait    Wait for it; otherwise somebody else who has it is an error.
 * fd      Closing it gives the lock back. May be NULL.
 * Errors  ERROR_BUSY (without a message), ERROR_SYSTEM.
 */
MUST_CHECK enum error site_lock(struct site *site, const char *name, bool wait,
                                int *fd);

/** Whether `name` is one of service_names. */
bool is_service(const char *name);

#endif
