/* Reads contacts line by line: unfolds lines, and finds where cards begin and
 * end. */
#include "vcard_reader.h"

#include <stdlib.h>
#include <string.h>

#include "card.h"

enum { CARD_LINE_MAX_BYTES = 64 * 1024 };

struct vcard_reader_state {
    struct import_rows *rows;
    struct card card;
    struct text line;   /* unfolded so far, its beginning if it is long */
    bool cut;           /* that was not all of it */
    size_t returns;     /* CRs that came last */
    bool broken;        /* a line break came: the next byte tells whether the
                           line goes on (RFC 6350 3.2) */
    uint64_t number;    /* of the line that is being read, from 1 */
    uint64_t began;     /* where the unfolded line began */
    uint64_t card_line; /* where the card began; 0: between cards */
};

struct vcard_reader_state *vcard_reader_open(struct import_rows *rows)
{
    struct vcard_reader_state *vcard = calloc(1, sizeof(*vcard));

    if (vcard == NULL)
        return NULL;
    vcard->rows = rows;
    vcard->number = vcard->began = 1;
    text_init(&vcard->line, 0);
    card_init(&vcard->card);
    return vcard;
}

static enum error refuse_card(struct vcard_reader_state *vcard, const char *why)
{
    return rows_refuse(vcard->rows, ERROR_SYNTAX, "Line %llu: %s",
                       (unsigned long long)vcard->began, why);
}

static enum error begin_card(struct vcard_reader_state *vcard)
{
    if (vcard->card_line != 0)
        return refuse_card(vcard, "a contact begins before the previous one "
                                  "ends. Import the file as it was exported.");
    vcard->card_line = vcard->began;
    card_reset(&vcard->card);
    return OK;
}

static enum error end_card(struct vcard_reader_state *vcard)
{
    uint64_t line = vcard->card_line;

    vcard->card_line = 0;
    return card_row(&vcard->card, vcard->rows, line);
}

static bool is_version(struct slice value)
{
    return slice_is(value, "3.0") || slice_is(value, "4.0");
}

/* 2.1 has other escapes, encodings and charsets. */
static bool is_old(const struct card_line *line)
{
    return (slice_is_nocase(line->name, "VERSION") &&
            !is_version(slice_trim(line->value))) ||
           card_has(line, "QUOTED-PRINTABLE");
}

static enum error read_card_line(struct vcard_reader_state *vcard,
                                 const struct card_line *line)
{
    bool is_card = slice_is_nocase(slice_trim(line->value), "VCARD");

    if (slice_is_nocase(line->name, "BEGIN") && is_card)
        return begin_card(vcard);
    if (vcard->card_line == 0)
        return refuse_card(vcard,
                           "a contact must begin here, with BEGIN:VCARD.");
    if (slice_is_nocase(line->name, "END") && is_card)
        return end_card(vcard);
    if (is_old(line))
        return refuse_card(vcard,
                           "this is vCard 2.1 or another version that can't be "
                           "read. Export the contacts as vCard 3.0 or 4.0.");
    if (vcard->cut && card_knows(line->name))
        rows_fault(vcard->rows, 0,
                   "A text of this contact is longer than 64 KiB.");
    else
        card_take(&vcard->card, line);
    return OK;
}

/* A line is complete. */
static enum error end_line(struct vcard_reader_state *vcard)
{
    struct slice line = text_slice(&vcard->line);
    struct card_line parts;
    enum error err = OK;

    if (vcard->line.failed)
        return rows_refuse(vcard->rows, ERROR_MEMORY, "out of memory");
    if (slice_trim(line).len > 0) {
        if (card_split(line, &parts))
            err = read_card_line(vcard, &parts);
        else if (vcard->card_line == 0)
            err = refuse_card(vcard, "this is not part of a contact.");
        else if (!vcard->cut)
            rows_fault(vcard->rows, 0, "A line of this contact has no colon.");
    }
    text_reset(&vcard->line);
    vcard->cut = false;
    return err;
}

static enum error read_letter(struct vcard_reader_state *vcard, char byte)
{
    enum error err = OK;

    if (vcard->broken) {
        vcard->broken = false;
        if (byte == ' ' || byte == '\t')
            return OK;
        err = end_line(vcard);
        vcard->began = vcard->number;
    }
    if (byte == '\n') {
        vcard->broken = true;
        vcard->number++;
    } else if (vcard->line.len == CARD_LINE_MAX_BYTES) {
        vcard->cut = true;
    } else {
        text_append_char(&vcard->line, byte);
    }
    return err;
}

/* Lines end with CR LF, LF or CR. */
static enum error read_byte(struct vcard_reader_state *vcard, char byte)
{
    enum error err = OK;

    if (byte == '\r') {
        vcard->returns++;
        return OK;
    }
    for (; byte != '\n' && err == OK && vcard->returns > 0; vcard->returns--)
        err = read_letter(vcard, '\n');
    vcard->returns = 0;
    return err == OK ? read_letter(vcard, byte) : err;
}

enum error vcard_reader_feed(struct vcard_reader_state *vcard,
                             struct slice bytes)
{
    enum error err =
        vcard->rows->columns == 0 ? rows_own_header(vcard->rows, false) : OK;

    for (size_t i = 0; i < bytes.len && err == OK; i++)
        err = read_byte(vcard, bytes.data[i]);
    return err;
}

enum error vcard_reader_finish(struct vcard_reader_state *vcard)
{
    enum error err = end_line(vcard);

    if (err == OK && vcard->card_line != 0)
        return rows_refuse(vcard->rows, ERROR_SYNTAX,
                           "The file ends inside the contact that begins on "
                           "line %llu. It is incomplete: export it again.",
                           (unsigned long long)vcard->card_line);
    return err;
}

void vcard_reader_close(struct vcard_reader_state *vcard)
{
    if (vcard == NULL)
        return;
    text_free(&vcard->line);
    card_free(&vcard->card);
    free(vcard);
}
