/* Changing the suppliers that were chosen on the list: first a page that says
 * what would become of each, then one batch. */
#include "chosen.h"

#include "cafe/suppliers/untouched.h"

static catalog_show_fn chosen_show;
static db_done_fn chosen_changed;

/* Looking. */

static void chosen_show(struct lifetime *life, const struct snapshot *snapshot)
{
    struct chosen *chosen = request_own(request_of(life));

    chosen->snapshot = snapshot;
    if (snapshot == NULL) {
        chosen->status = 503;
        chosen->edit->problem =
            "The suppliers can't be read right now. Nothing was changed, and "
            "your choice has been kept: send it again in a moment.";
    } else if (chosen_compare(chosen) != OK) {
        respond_error(chosen->req, 503);
        return;
    }
    chosen_respond(chosen);
}

static void look_at_chosen(struct chosen *chosen)
{
    struct employee *self = request_app(chosen->req);

    catalog_when_fresh(self->api.catalog, chosen_show,
                       request_life(chosen->req));
}

/* What was posted; NULL: it is answered, or will be with what is wrong. */
static struct chosen *chosen_take(struct request *req)
{
    struct chosen *chosen = chosen_open(req);

    if (chosen == NULL || chosen->edit->problem == NULL)
        return chosen;
    chosen->status = 422;
    chosen->count = 0;
    look_at_chosen(chosen);
    return NULL;
}

/* POST /admin/suppliers-chosen */
void chosen_look(struct request *req)
{
    struct chosen *chosen = chosen_take(req);

    if (chosen != NULL)
        look_at_chosen(chosen);
}

/* Changing. */

/* In a preview each supplier has the version that was shown. */
static bool is_based(const struct chosen *chosen)
{
    for (size_t i = 0; i < chosen->count; i++)
        if (chosen->rows[i].sent.number == 0)
            return false;
    return true;
}

/* Each is written as it was previewed, or nothing is. */
static enum error make_batch(struct chosen *chosen)
{
    struct batch_job *job = &chosen->job;
    struct supplier texts;
    enum error err = chosen_texts(chosen, &texts);

    job->count = chosen->count;
    job->changes =
        arena_alloc(chosen->arena, job->count * sizeof(*job->changes));
    job->text = chosen_spell(chosen);
    if (err != OK || job->changes == NULL || job->text == NULL)
        return err != OK ? err : ERROR_MEMORY;
    for (size_t i = 0; i < job->count; i++) {
        const struct chosen_row *row = &chosen->rows[i];
        struct batch_change *change = &job->changes[i];

        *change = (struct batch_change){
            .action = chosen->deed == CHOSEN_DELETE ? BATCH_REMOVE
                                                    : BATCH_UPDATE,
            .supplier = texts,
            .expected = row->sent.number,
            .expected_us = row->sent.at_us,
        };
        change->supplier.id = row->id;
        for (enum supplier_field f = 0; f < SUPPLIER_FIELDS; f++)
            change->shown[f] = chosen_writes(chosen, f) ? SHOWN_WITH_LINES
                                                        : NOT_SHOWN;
    }
    return OK;
}

/* POST /admin/suppliers-change */
void chosen_change(struct request *req)
{
    struct chosen *chosen = chosen_take(req);

    if (chosen == NULL)
        return;
    if (!is_based(chosen) || chosen->asks || chosen_unset(chosen)) {
        look_at_chosen(chosen); /* there was no preview */
    } else if (make_batch(chosen) != OK) {
        respond_error(req, 503);
    } else {
        save_submit_batch(req, store_batch, chosen_changed, &chosen->job);
    }
}

static const char *chosen_problem(struct chosen *chosen, enum error outcome)
{
    if (chosen->job.key_used)
        return "This page has already been used for another change. Nothing "
               "was changed now: check the suppliers below, then confirm "
               "again.";
    if (outcome == ERROR_CONFLICT || outcome == ERROR_NOT_FOUND ||
        outcome == ERROR_SYNTAX)
        return "Somebody has changed some of these suppliers in the meantime. "
               "Nothing has been changed yet: check them below, then confirm "
               "again.";
    chosen->edit->job.refusal = chosen->job.refusal;
    return edit_problem(chosen->edit, outcome);
}

static void chosen_changed(void *job, enum error outcome)
{
    struct chosen *chosen = ((struct batch_job *)job)->context;
    struct edit *edit = chosen->edit;

    save_note(chosen->req, chosen->job.reloaded, outcome);
    if (outcome == OK) {
        save_log_batch(chosen->req, &chosen->job, chosen->count);
        save_respond_at(chosen->req, edit->list, chosen->job.first_revision,
                        "");
        return;
    }
    edit->problem = chosen_problem(chosen, outcome);
    chosen->resend = outcome != ERROR_CONFLICT && outcome != ERROR_NOT_FOUND &&
                     outcome != ERROR_SYNTAX && outcome != ERROR_DB_VALUE;
    chosen->status = outcome == ERROR_NOT_FOUND || outcome == ERROR_SYNTAX
                         ? 409
                         : status_of_error(outcome);
    if (chosen->job.key_used && form_key_make(edit->key) != OK)
        respond_error(chosen->req, 503);
    else
        look_at_chosen(chosen);
}
