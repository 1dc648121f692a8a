/* What a table's own rules have refused: adopted tables may hold less than the
 * form takes, or have constraints and triggers that nobody here knows. */
#include "refusal.h"

#include <stdio.h>
#include <string.h>

static const char select_room[] =
    "SELECT COLUMN_NAME, CHARACTER_MAXIMUM_LENGTH, CHARACTER_OCTET_LENGTH"
    " FROM information_schema.COLUMNS"
    " WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'suppliers'"
    " AND CHARACTER_MAXIMUM_LENGTH IS NOT NULL"
    " AND DATA_TYPE NOT IN ('enum', 'set')";

static enum error take_room(const struct db_row *row, void *context)
{
    struct supplier_room *room = context;

    for (enum supplier_field f = 0; f < SUPPLIER_FIELDS; f++)
        if (slice_is(db_row_text(row, 0), supplier_columns[f].name))
            room[f] = (struct supplier_room){
                .max_chars = (size_t)db_row_integer(row, 1),
                .max_bytes = (size_t)db_row_integer(row, 2),
            };
    return OK;
}

/* Where a text names a column in these quotes for the last time; NULL: not. */
static const char *last_mention(const char *text, const char *name, char quote)
{
    const char *found = NULL;
    char quoted[32];

    snprintf(quoted, sizeof(quoted), "%c%s%c", quote, name, quote);
    while ((text = strstr(text, quoted)) != NULL)
        found = text++;
    return found;
}

/* The last field that is named: what was typed may stand in front of it. */
static enum supplier_field field_of(const char *sentence)
{
    enum supplier_field field = SUPPLIER_FIELDS;
    const char *last = NULL;

    for (enum supplier_field f = 0; f < SUPPLIER_FIELDS; f++) {
        const char *name = supplier_columns[f].name;
        const char *at = last_mention(sentence, name, '\'');

        if (at == NULL)
            at = last_mention(sentence, name, '`');
        if (at != NULL && (last == NULL || at > last)) {
            last = at;
            field = f;
        }
    }
    return field;
}

void refusal_read(struct db_connection *connection, struct arena *arena,
                  struct store_refusal *refusal)
{
    struct store_refusal read = { .sentence = "" };
    const char *sentence =
        arena_printf(arena, "%s", db_error_message(connection));

    if (sentence != NULL)
        read.sentence = sentence;
    read.field = field_of(read.sentence);
    /* After the message was copied: the next statement replaces it. Without the
     * widths the page still has the database's sentence. */
    if (db_query(connection, select_room, NULL, 0, take_room, read.room) != OK)
        memset(read.room, 0, sizeof(read.room));
    *refusal = read;
}

bool refusal_of_primary_key(const struct db_connection *connection)
{
    return strstr(db_error_message(connection), "PRIMARY'") != NULL;
}
