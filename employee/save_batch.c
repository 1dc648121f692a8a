/* What all that change many suppliers at once have in common. */
#include "cafe/suppliers/store_batch.h"
#include "employee.h"

enum {
    BATCH_ARENA_MAX_BYTES = 64 * 1024 * 1024,
    BATCH_ROW = INT32_MAX /* no supplier's: one batch at a time */
};

static void batch_arena_close(void *argument)
{
    arena_close(argument);
}

struct arena *save_batch_arena(struct request *req)
{
    struct arena *arena = arena_open(BATCH_ARENA_MAX_BYTES);

    if (arena == NULL ||
        lifetime_on_end(request_life(req), batch_arena_close, arena) == OK)
        return arena;
    arena_close(arena);
    return NULL;
}

void save_submit_batch(struct request *req, db_work_fn *work, db_done_fn *done,
                       void *job)
{
    const struct employee *self = request_app(req);
    struct db_call call = save_call(req, "batch");

    call.repeatable = true;
    call.row = BATCH_ROW;
    db_submit_call(self->api.service->db, &call, work, done, job);
}

/* One line, however many changes: each is in the history, with its revision. */
void save_log_batch(struct request *req, const struct batch_job *job,
                    size_t count)
{
    struct employee *self = request_app(req);
    const char *user = request_user(req);
    const int64_t first = (int64_t)job->first_revision;

    save_clean_keys(self);
    if (job->repeated)
        return;
    log_line(self->api.service->log, LOG_INFO, "suppliers changed",
             LOG_STRING("request_id", request_id(req)),
             LOG_STRING("user", user != NULL ? user : ""),
             LOG_STRING("client_ip", request_client(req)),
             LOG_NUMBER("changes", (int64_t)count),
             LOG_NUMBER("first_revision", first),
             LOG_NUMBER("last_revision", first + (int64_t)count - 1), LOG_END);
}
