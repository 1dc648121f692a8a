/* Reading a map by a table of its keys. */
#ifndef CAFE_DEPLOY_FIELDS_H
#define CAFE_DEPLOY_FIELDS_H

#include "document.h"

enum field_kind {
    FIELD_KNOWN,   /* AWS knows the key; nothing here depends on it */
    FIELD_TEXT,    /* const char *, as `rule` says */
    FIELD_WORD,    /* it has to be `word`; nothing is stored */
    FIELD_NUMBER,  /* unsigned from min to max */
    FIELD_UNITS,   /* the same as a text: in JSON, in quotes */
    FIELD_SWITCH,  /* bool */
    FIELD_CHOICE,  /* one of `words`; nothing is stored */
    FIELD_MAP,     /* `fields`, into the same struct */
    FIELD_LIST,    /* min to max times `entry`; nothing is stored */
    FIELD_TEXTS,   /* any keys, each with a text; nothing is stored */
    FIELD_REFUSED, /* AWS refuses it here; `word` says why */
    FIELD_READ     /* whatever `read` makes of it */
};

/** What a text may consist of. */
struct rule {
    const char *what;   /* "a name of letters, digits, - and _" */
    const char *first;  /* begins with a letter, a digit or one of these */
    const char *others; /* and goes on with these, too; NULL: any text */
    size_t max_bytes;
};

/** Any text. */
extern const struct rule rule_any;

/** A name of ECS: letters, digits, - and _, at most 255. */
extern const struct rule rule_name;

/** A target group's name: letters, digits and -, at most 32. */
extern const struct rule rule_group_name;

/**
 * Reads the value of a key.
 *
 * result  What the row's offset points to.
 */
typedef enum error field_fn(const struct document *document,
                            const struct node *node, void *result);

/** A key. Rows of one map end with a key of NULL. */
struct field {
    const char *key;
    enum field_kind kind;
    bool required;
    bool unstored; /* checked only */
    size_t offset; /* in the struct that is filled; of FIELD_MAP: none */
    unsigned min, max;
    const struct rule *rule;
    const char *word;
    const char *const *words;  /* NULL-terminated */
    const struct field *entry; /* of a list; its key counts for nothing */
    const char *unique;        /* key in which a list's entries differ */
    const struct field *fields;
    field_fn *read;
};

/**
 * Read a map: every key is in the table, required ones are there.
 *
 * result  Struct that the offsets of the rows point into. What the file
 *         doesn't have stays as it is.
 * Errors  ERROR_CONFIG with one line in the document's `error`, ERROR_MEMORY.
 */
MUST_CHECK enum error fields_read(const struct document *document,
                                  const struct node *map,
                                  const struct field *fields, void *result);

/** Check a value by its row; nothing is stored. Errors as above. */
MUST_CHECK enum error field_check(const struct document *document,
                                  const struct node *node,
                                  const struct field *field);

/** Check that a node is a list of min to max entries. */
MUST_CHECK enum error list_check(const struct document *document,
                                 const struct node *node, size_t min,
                                 size_t max);

/** Read a text as a rule says. Errors as above. */
MUST_CHECK enum error text_read(const struct document *document,
                                const struct node *node,
                                const struct rule *rule, const char **text);

/** Read a port, 1 to 65535; `result` is an unsigned. */
field_fn port_read;

/** Read "FAMILY", "FAMILY:REVISION" or an ARN; `result` is a const char *. */
field_fn revision_read;

/** Whether a text is as a rule says. */
bool rule_allows(const struct rule *rule, const char *text);

#endif
