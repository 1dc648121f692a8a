/* How a file is read, as a text: "KIND CHARSET DELIMITER GUARDED TARGETS LIST",
 * numbers, the targets with commas between them, and a query. */
#include "cafe/import/upload.h"

static bool cut_number(struct slice *rest, char separator, uint64_t max,
                       uint64_t *number)
{
    return slice_number(slice_cut(rest, separator), max, number) == OK;
}

/* The first versions had nine fields, then the number and nothing. Texts that
 * they have stored stay true: fields that came later follow. */
enum { FIRST_FIELDS = 9, ID_STORED = FIRST_FIELDS, NOTHING_STORED, LATER = 2 };

static unsigned target_stored(unsigned target)
{
    if (target == IMPORT_ID)
        return ID_STORED;
    if (target == IMPORT_NOTHING)
        return NOTHING_STORED;
    return target < FIRST_FIELDS ? target : target + LATER;
}

static unsigned target_of(uint64_t stored)
{
    if (stored == ID_STORED)
        return IMPORT_ID;
    if (stored == NOTHING_STORED)
        return IMPORT_NOTHING;
    return (unsigned)(stored < FIRST_FIELDS ? stored : stored - LATER);
}

bool import_settings_read(struct slice text, struct import_settings *settings)
{
    uint64_t kind, charset, delimiter, guarded, target;
    struct slice targets;

    if (!cut_number(&text, ' ', IMPORT_JSON, &kind) ||
        !cut_number(&text, ' ', IMPORT_WINDOWS_1252, &charset) ||
        !cut_number(&text, ' ', 127, &delimiter) ||
        !cut_number(&text, ' ', 1, &guarded))
        return false;
    *settings = (struct import_settings){
        .format = { (enum import_kind)kind, (enum import_charset)charset,
                    (char)delimiter, guarded == 1 }
    };
    targets = slice_cut(&text, ' ');
    settings->list = text;
    while (targets.len > 0 && settings->count < IMPORT_COLUMNS_MAX &&
           cut_number(&targets, ',', IMPORT_NOTHING, &target))
        settings->targets[settings->count++] = (unsigned char)target_of(target);
    return true;
}

void import_settings_write(struct text *out,
                           const struct import_settings *settings)
{
    const struct import_format *format = &settings->format;

    text_printf(out, "%d %d %d %d ", (int)format->kind, (int)format->charset,
                (int)format->delimiter, (int)format->guarded);
    for (size_t i = 0; i < settings->count; i++)
        text_printf(out, "%s%u", i > 0 ? "," : "",
                    target_stored(settings->targets[i]));
    if (settings->list.len > 0) {
        text_append_char(out, ' ');
        text_append_slice(out, settings->list);
    }
}
