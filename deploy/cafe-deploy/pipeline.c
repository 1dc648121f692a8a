/*
 * A pipeline: source, then deployment. Its file has the sources of its last
 * run, so that a change is noticed however it was made: the branch of a bare
 * repository and the tag of a registry are both small files.
 */
#include "pipeline.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "deployment.h"
#include "deployment_files.h"
#include "docker.h"

enum { LOOK_MS = 500, IDLE_LOOKS_MAX = 20 };

/* What a pipeline is made of, each as text; "" when there is none yet. */
struct sources {
    const char *commit; /* branch dev of the repository "deployment" */
    const char *image;  /* "sha256:…": tag "latest" in the registry */
};

struct pipeline {
    bool exists;
    struct sources sources; /* of its last run */
    const char *outcome;    /* "none", "running", "succeeded", "failed" */
};

static enum error pipeline_read_word(struct site *site, const char *path,
                                     const char **word)
{
    struct slice content;
    enum error err = path != NULL ? site_read(site, path, &content)
                                  : ERROR_MEMORY;

    if (err != OK)
        return err;
    content = slice_trim(content);
    *word = arena_copy(site->arena, content.data != NULL ? content.data : "",
                       content.len);
    return *word != NULL ? OK : ERROR_MEMORY;
}

static enum error sources_read(struct site *site, const char *service,
                               struct sources *sources)
{
    enum error err = pipeline_read_word(
        site, site_path(site, "repositories/deployment.git/refs/heads/dev"),
        &sources->commit);

    if (err != OK)
        return err;
    return pipeline_read_word(
        site,
        site_path(site,
                  "registry/docker/registry/v2/repositories/%s/"
                  "_manifests/tags/latest/current/link",
                  service),
        &sources->image);
}

static const char *pipeline_next_line(struct site *site, struct slice *rest)
{
    struct slice line = slice_cut(rest, '\n');

    return arena_copy(site->arena, line.data != NULL ? line.data : "",
                      line.len);
}

static enum error pipeline_load(struct site *site, const char *service,
                                struct pipeline *pipeline)
{
    char *path = site_path(site, "pipelines/%s", service);
    struct slice rest;
    enum error err = path != NULL ? site_read(site, path, &rest) : ERROR_MEMORY;

    if (err != OK)
        return err;
    pipeline->exists = rest.data != NULL;
    pipeline->sources.commit = pipeline_next_line(site, &rest);
    pipeline->sources.image = pipeline_next_line(site, &rest);
    pipeline->outcome = pipeline_next_line(site, &rest);
    return pipeline->sources.commit != NULL &&
                   pipeline->sources.image != NULL && pipeline->outcome != NULL
               ? OK
               : ERROR_MEMORY;
}

static enum error pipeline_save(struct site *site, const char *service,
                                const struct sources *sources,
                                const char *outcome)
{
    char *path = site_path(site, "pipelines/%s", service);
    struct text text;
    enum error err;

    text_init(&text, 0);
    text_printf(&text, "%s\n%s\n%s\n", sources->commit, sources->image,
                outcome);
    err = path != NULL ? site_write(site, path, &text, 0600) : ERROR_MEMORY;
    text_free(&text);
    return err;
}

static bool is_due(const struct pipeline *pipeline, const struct sources *now)
{
    return pipeline->exists && now->commit[0] && now->image[0] &&
           (strcmp(now->commit, pipeline->sources.commit) != 0 ||
            strcmp(now->image, pipeline->sources.image) != 0);
}

/* Whether a pipeline has to run: its sources have changed, or its last run is
 * "running" without holding the lock, and so was interrupted. */
enum error pipeline_is_due(struct site *site, const char *service, bool *due)
{
    struct pipeline pipeline;
    struct sources now;
    int lock;
    enum error err = pipeline_load(site, service, &pipeline);

    if (err == OK)
        err = sources_read(site, service, &now);
    *due = err == OK && is_due(&pipeline, &now);
    if (err != OK || *due || strcmp(pipeline.outcome, "running") != 0)
        return err;
    err = site_lock(site, service, false, &lock);
    if (err != OK)
        return err == ERROR_BUSY ? OK : err;
    close(lock);
    *due = true;
    return OK;
}

enum error pipeline_state(struct site *site, const char *service,
                          const char **state, const char **commit)
{
    struct pipeline pipeline;
    struct sources now;
    enum error err = pipeline_load(site, service, &pipeline);

    if (err == OK)
        err = sources_read(site, service, &now);
    if (err != OK)
        return err;
    *commit = arena_printf(site->arena, "%.12s", pipeline.sources.commit);
    *state = !pipeline.exists                           ? NULL
             : strcmp(pipeline.outcome, "running") == 0 ? "running"
             : is_due(&pipeline, &now)                  ? "due"
             : strcmp(pipeline.outcome, "none") == 0    ? "has not run yet"
                                                        : pipeline.outcome;
    return *commit != NULL ? OK : ERROR_MEMORY;
}

static enum error require(struct site *site, const char *service,
                          struct pipeline *pipeline)
{
    enum error err = pipeline_load(site, service, pipeline);

    if (err == OK && !pipeline->exists)
        return fail(site, ERROR_CONFIG,
                    "there is no pipeline for %s; first: cafe-deploy pipeline "
                    "create %s",
                    service, service);
    return err;
}

enum error pipeline_create(struct site *site, const char *service)
{
    const struct sources nothing = { "", "" };
    struct pipeline pipeline;
    struct service found;
    enum error err = service_load(site, service, &found);

    if (err == OK)
        err = pipeline_load(site, service, &pipeline);
    if (err != OK)
        return err;
    if (!service_exists(&found))
        return fail(site, ERROR_CONFIG,
                    "there is no service %s; first: cafe-deploy service create "
                    "%s",
                    service, service);
    if (!pipeline.exists &&
        (err = pipeline_save(site, service, &nothing, "none")) != OK)
        return err;
    say("Pipeline update-%s-microservice: runs when repository deployment "
        "(branch dev) or image %s:latest changes",
        service, service);
    return OK;
}

static enum error check_sources(struct site *site, const char *service,
                                const struct sources *sources)
{
    if (!sources->commit[0])
        return fail(site, ERROR_CONFIG,
                    "nothing was pushed to branch dev of the repository "
                    "%s/repositories/deployment.git",
                    site->folder);
    if (!sources->image[0])
        return fail(site, ERROR_CONFIG,
                    "no image %s in the registry; first: cafe-deploy push %s",
                    service, service);
    return OK;
}

static enum error pipeline_run(struct site *site, const char *name,
                               const struct sources *sources)
{
    struct deployment deployment;
    struct service service;
    char *image, *reference = arena_printf(site->arena, "@%s", sources->image);
    enum error err = service_mend(site, name, &service);

    if (reference == NULL)
        return ERROR_MEMORY;
    if (err != OK ||
        (err = docker_image(site, name, reference, &image)) != OK ||
        (err = deployment_prepare(site, name, sources->commit, image,
                                  &deployment)) != OK)
        return err;
    return deploy(site, &service, &deployment);
}

/* Run a pipeline. Nothing is written before the lock is held: a run that has to
 * wait is still due, and one that is killed leaves "running" and no lock. */
enum error pipeline_release(struct site *site, const char *service, bool wait)
{
    struct pipeline pipeline;
    struct sources now;
    enum error err, saved;

    /* The sources are read after waiting for the lock: only the newest are
     * deployed, however many were pushed meanwhile. */
    if ((err = require(site, service, &pipeline)) != OK ||
        (err = service_lock(site, service, wait, NULL)) != OK ||
        (err = sources_read(site, service, &now)) != OK ||
        (err = check_sources(site, service, &now)) != OK ||
        (err = pipeline_save(site, service, &now, "running")) != OK)
        return err;
    say("Pipeline update-%s-microservice\n"
        "  Source: deployment %.12s, image %.19s",
        service, now.commit, now.image);
    err = pipeline_run(site, service, &now);
    saved =
        pipeline_save(site, service, &now, err == OK ? "succeeded" : "failed");
    return err == OK ? saved : err;
}

/* Show what was added to the log since the last time. Another run begins the
 * log anew, and may have written more than the last one by now: so the
 * beginning is compared. */
static enum error pipeline_show_log(struct site *site, const char *path,
                                    struct slice *shown)
{
    struct slice log;
    enum error err = site_read(site, path, &log);

    if (err != OK || log.len == 0)
        return err;
    if (log.len < shown->len || memcmp(log.data, shown->data, shown->len) != 0)
        shown->len = 0;
    fwrite(log.data + shown->len, 1, log.len - shown->len, stdout);
    fflush(stdout);
    *shown = log;
    return OK;
}

/* A run that is due begins within a second. If the lock stays free, the process
 * that looks for pushes does not run: say so instead of waiting for ever. */
static enum error look_for_life(struct site *site, const char *service,
                                unsigned *idle_looks)
{
    int lock;
    enum error err = site_lock(site, service, false, &lock);

    if (err == ERROR_BUSY) {
        *idle_looks = 0;
        return OK;
    }
    if (err != OK)
        return err;
    close(lock);
    if (++*idle_looks < IDLE_LOOKS_MAX)
        return OK;
    return fail(
        site, ERROR_SYSTEM,
        "nothing is watching for pushes; start it with: cafe-deploy up");
}

enum error pipeline_wait(struct site *site, const char *service)
{
    char *path = site_path(site, "pipelines/%s.log", service);
    struct pipeline pipeline;
    struct sources now;
    unsigned idle_looks = 0;
    struct slice shown = { "", 0 };
    bool done = false;
    enum error err = path != NULL ? require(site, service, &pipeline)
                                  : ERROR_MEMORY;

    while (err == OK && !done) {
        if ((err = pipeline_load(site, service, &pipeline)) != OK ||
            (err = sources_read(site, service, &now)) != OK ||
            (err = check_sources(site, service, &now)) != OK)
            return err;
        done = !is_due(&pipeline, &now) &&
               strcmp(pipeline.outcome, "running") != 0;
        if (strcmp(pipeline.outcome, "running") == 0 || done)
            err = pipeline_show_log(site, path, &shown);
        if (err == OK && !done) {
            err = look_for_life(site, service, &idle_looks);
            pause_ms(LOOK_MS);
        }
    }
    if (err == OK && strcmp(pipeline.outcome, "succeeded") != 0)
        return fail(site, ERROR_SYSTEM, "the pipeline failed: %s", path);
    return err;
}
