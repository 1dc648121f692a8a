/* What a row of a file is: new, a change of a supplier, or a question. */
#include "cafe/base/utf8.h"
#include "cafe/suppliers/untouched.h"
#include "stage.h"

enum { REASON_MAX_BYTES = 1000 };

/* A supplier that the row may be. */
struct candidate {
    const struct supplier *stored;
    unsigned reasons;
};

/* Those that a row may be. */
struct candidates {
    size_t count;
    struct candidate all[MATCH_IDS_MAX + 1];
};

static const struct supplier *stored_of(const struct comparing *comparing,
                                        int64_t id)
{
    for (size_t i = 0; i < comparing->stored_count; i++)
        if (comparing->stored[i].id == id)
            return &comparing->stored[i];
    return NULL;
}

static enum error compare_candidate(const struct comparing *comparing,
                                    const struct staged *row, int64_t id,
                                    struct candidates *candidates)
{
    const struct supplier *stored = stored_of(comparing, id);
    unsigned reasons = 0;
    enum error err;

    if (stored == NULL)
        return OK; /* it has gone meanwhile */
    err = match_reasons(comparing->scratch, &row->supplier, stored, &reasons);
    if (err == OK && (reasons != 0 || id == row->file_id))
        candidates->all[candidates->count++] =
            (struct candidate){ stored, reasons };
    return err;
}

/* Sentences. */

static void tell_kind(struct staged *row, enum staged_kind kind,
                      const char *reason)
{
    struct slice text = slice_of(reason != NULL ? reason : "");

    row->kind = kind;
    row->reason = utf8_cut(text, REASON_MAX_BYTES);
}

static struct slice place_of(const struct comparing *comparing,
                             const struct staged *row, enum supplier_field f)
{
    size_t column = row->record.columns[f];

    if (row->record.fields[f].data != NULL &&
        column < comparing->header_count && comparing->header[column].len > 0)
        return comparing->header[column];
    return slice_of(supplier_columns[f].label);
}

/* Each place and each reason is a line of its own. */
static enum error say_faults(const struct comparing *comparing,
                             struct staged *row,
                             const struct supplier_faults *faults)
{
    const size_t room = (STAGED_PLACE_MAX_BYTES + 1) / faults->count - 1;
    const char *between = "";
    struct text places, reasons;

    text_init(&places, 0);
    text_init(&reasons, 0);
    for (enum supplier_field f = 0; f < SUPPLIER_FIELDS; f++) {
        if (faults->messages[f] == NULL)
            continue;
        text_append_string(&places, between);
        text_append_slice(&places, utf8_cut(place_of(comparing, row, f), room));
        text_printf(&reasons, "%s%s", between, faults->messages[f]);
        between = "\n";
    }
    row->place = arena_slice(comparing->arena, text_slice(&places));
    tell_kind(row, STAGED_FAULTY,
              arena_copy(comparing->arena, text_string(&reasons), reasons.len));
    text_free(&places);
    text_free(&reasons);
    return row->place.len > 0 && row->reason.len > 0 ? OK : ERROR_MEMORY;
}

/* A row that is one supplier. */

static bool is_left(const struct comparing *comparing, const struct staged *row,
                    enum supplier_field f)
{
    return row->record.fields[f].data == NULL ||
           (row->supplier.fields[f].len == 0 && !comparing->clear_empty);
}

/* What the row would make of the supplier. */
static enum error merge_row(const struct comparing *comparing,
                            const struct staged *row,
                            const struct supplier *stored,
                            struct supplier *merged, bool *same)
{
    enum untouched_shown shown[SUPPLIER_FIELDS];
    enum error err;

    *merged = row->supplier;
    *same = true;
    for (enum supplier_field f = 0; f < SUPPLIER_FIELDS; f++)
        shown[f] = is_left(comparing, row, f) ? NOT_SHOWN : SHOWN_AS_LINE;
    err = untouched_restore(comparing->arena, merged, stored, shown);
    for (enum supplier_field f = 0; err == OK && f < SUPPLIER_FIELDS; f++) {
        if (slice_equal(merged->fields[f], stored->fields[f]))
            continue;
        if (import_same(comparing->arena, comparing->kind, f, stored->fields[f],
                        merged->fields[f]))
            merged->fields[f] = stored->fields[f];
        else
            *same = false;
    }
    return err;
}

enum error compare_with(const struct comparing *comparing, struct staged *row,
                        const struct supplier *stored)
{
    struct supplier_faults faults;
    struct supplier merged;
    bool same;
    enum error err = merge_row(comparing, row, stored, &merged, &same);

    row->supplier_id = stored->id;
    row->base = stored->revision;
    if (err != OK)
        return err;
    untouched_check(comparing->arena, &merged, stored, &faults);
    if (!same && faults.count > 0)
        return say_faults(comparing, row, &faults);
    row->kind = same ? STAGED_SAME : STAGED_CHANGED;
    row->supplier = merged;
    return OK;
}

static enum error compare_known(const struct comparing *comparing,
                                struct staged *row,
                                const struct supplier *stored)
{
    uint32_t earlier = match_claim(comparing->match, stored->id, row->line);

    if (earlier == 0)
        return compare_with(comparing, row, stored);
    row->supplier_id = stored->id;
    row->base = stored->revision;
    tell_kind(row, STAGED_DUPLICATE,
              arena_printf(comparing->arena,
                           "Row %u is about the same supplier", earlier));
    return row->reason.len > 0 ? OK : ERROR_MEMORY;
}

/* A row that is none. */

enum error compare_as_new(const struct comparing *comparing, struct staged *row)
{
    struct supplier_faults faults;

    row->kind = STAGED_NEW;
    supplier_check(comparing->arena, &row->supplier, &faults);
    return faults.count > 0 ? say_faults(comparing, row, &faults) : OK;
}

static enum error compare_new(const struct comparing *comparing,
                              struct staged *row)
{
    struct match_found found;
    enum error err = compare_as_new(comparing, row);

    if (err != OK || row->kind == STAGED_FAULTY)
        return err;
    err = match_find(comparing->match, &row->supplier, &found);
    if (err == OK && found.line != 0) {
        tell_kind(row, STAGED_DUPLICATE,
                  arena_printf(comparing->arena,
                               "Row %u may be about the same supplier",
                               found.line));
        return row->reason.len > 0 ? OK : ERROR_MEMORY;
    }
    row->kind = STAGED_NEW;
    return err == OK
               ? match_add_line(comparing->match, &row->supplier, row->line)
               : err;
}

/* A row that is one of several, or perhaps none. */
static enum error ask_about(const struct comparing *comparing,
                            struct staged *row, const char *reason,
                            const struct candidates *candidates)
{
    struct text ids;

    text_init(&ids, 0);
    for (size_t i = 0; i < candidates->count; i++) {
        const struct supplier *stored = candidates->all[i].stored;

        match_mention(comparing->match, stored->id);
        text_printf(&ids, "%s%lld", i > 0 ? "," : "", (long long)stored->id);
    }
    row->candidates = arena_slice(comparing->arena, text_slice(&ids));
    tell_kind(row, STAGED_AMBIGUOUS, reason);
    text_free(&ids);
    return row->candidates.data != NULL && row->reason.len > 0 ? OK
                                                               : ERROR_MEMORY;
}

static bool both_differ(const struct staged *row, const struct supplier *stored,
                        enum supplier_field f)
{
    return row->supplier.fields[f].len > 0 && stored->fields[f].len > 0 &&
           !slice_equal(row->supplier.fields[f], stored->fields[f]);
}

/* By the phone alone, against name and e-mail address, two firms in one house
 * would become one. */
static bool is_certain(const struct staged *row,
                       const struct candidate *candidate)
{
    return candidate->reasons != MATCH_PHONE ||
           !both_differ(row, candidate->stored, SUPPLIER_NAME) ||
           !both_differ(row, candidate->stored, SUPPLIER_EMAIL);
}

/* The one that has more in common with the row than each other one, that is all
 * that the other has; NULL: none has. */
static const struct candidate *best_of(const struct candidates *candidates)
{
    const struct candidate *best = &candidates->all[0];

    for (size_t i = 1; i < candidates->count; i++)
        if ((candidates->all[i].reasons & best->reasons) == best->reasons)
            best = &candidates->all[i];
    for (size_t i = 0; i < candidates->count; i++) {
        const struct candidate *other = &candidates->all[i];

        if (other != best && (other->reasons == best->reasons ||
                              (other->reasons & ~best->reasons) != 0))
            return NULL;
    }
    return best;
}

/* Several are alike: one that the row would not change needs no question. */
static enum error find_same(const struct comparing *comparing,
                            const struct staged *row,
                            const struct candidates *candidates,
                            const struct candidate **found)
{
    enum error err = OK;

    *found = NULL;
    for (size_t i = 0; err == OK && *found == NULL && i < candidates->count;
         i++) {
        struct supplier merged;
        bool same = false;

        err = merge_row(comparing, row, candidates->all[i].stored, &merged,
                        &same);
        if (same &&
            match_line_of(comparing->match, candidates->all[i].stored->id) == 0)
            *found = &candidates->all[i];
    }
    return err;
}

static enum error compare_by_keys(const struct comparing *comparing,
                                  struct staged *row,
                                  const struct candidates *candidates)
{
    const struct candidate *best = NULL;
    enum error err = OK;

    if (candidates->count == 0)
        return compare_new(comparing, row);
    if (!row->found.more)
        best = best_of(candidates);
    if (best == NULL)
        err = find_same(comparing, row, candidates, &best);
    if (err != OK)
        return err;
    if (best == NULL)
        return ask_about(comparing, row, "It may be any of several suppliers",
                         candidates);
    if (!is_certain(row, best))
        return ask_about(comparing, row,
                         "It has the phone number of a supplier with another "
                         "name and e-mail address",
                         candidates);
    return compare_known(comparing, row, best->stored);
}

/* An id of another list could be any supplier's here. */
static bool is_known_by_id(const struct staged *row,
                           const struct candidate *candidate)
{
    return candidate->reasons != 0 ||
           (!both_differ(row, candidate->stored, SUPPLIER_NAME) &&
            !both_differ(row, candidate->stored, SUPPLIER_EMAIL) &&
            !both_differ(row, candidate->stored, SUPPLIER_PHONE));
}

static enum error compare_by_id(const struct comparing *comparing,
                                struct staged *row,
                                const struct candidates *candidates)
{
    if (is_known_by_id(row, &candidates->all[0]))
        return compare_known(comparing, row, candidates->all[0].stored);
    return ask_about(comparing, row,
                     "The supplier with this id has another name, e-mail "
                     "address and phone number",
                     candidates);
}

enum error compare_row(const struct comparing *comparing, struct staged *row)
{
    struct candidates candidates = { 0 };
    enum error err = OK;

    if (row->file_id != 0)
        err = compare_candidate(comparing, row, row->file_id, &candidates);
    if (err == OK && candidates.count > 0)
        return compare_by_id(comparing, row, &candidates);
    for (size_t i = 0; err == OK && i < row->found.count; i++)
        err = compare_candidate(comparing, row, row->found.ids[i], &candidates);
    return err == OK ? compare_by_keys(comparing, row, &candidates) : err;
}
