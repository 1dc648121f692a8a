/* Looking at a table that others have made, before it is adopted: what is in
 * the way, and what only limits its use. */
#include "adoption.h"

#include <string.h>

#include "cafe/suppliers/columns.h"
#include "triggers.h"

/* Each row that a rule's query gives is a sentence. */
struct rule {
    bool refuses; /* else a note */
    const char *sql;
};

#define THIS_TABLE " TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'suppliers'"
#define OF_COLUMNS " FROM information_schema.COLUMNS WHERE" THIS_TABLE
#define TEXT_FIELDS " (" COLUMNS_QUOTED ")"
#define OUR_FIELDS " ('id', " COLUMNS_QUOTED ")"

/* A column that is looked for, as the row of a table. */
#define COLUMN(table, column) " UNION ALL SELECT '" table "', '" column "'"
#define NEIGHBOURS                            \
    COLUMN("cafe_migrations", "number")       \
    COLUMN("cafe_migrations", "checksum")     \
    COLUMN("supplier_revision", "one")        \
    COLUMN("supplier_revision", "n")          \
    COLUMN("supplier_revision", "at")         \
    COLUMN("supplier_changes", "revision")    \
    COLUMN("supplier_changes", "supplier_id") \
    COLUMN("supplier_changes", "action")      \
    COLUMN("supplier_changes", "name")        \
    COLUMN("supplier_changes", "notes")       \
    COLUMN("supplier_changes", "writer")      \
    COLUMN("supplier_changes", "form_key")    \
    COLUMN("supplier_changes", "at")          \
    COLUMN("supplier_form_keys", "form_key")  \
    COLUMN("supplier_form_keys", "digest")    \
    COLUMN("supplier_form_keys", "revision")  \
    COLUMN("cafe_keys", "name")               \
    COLUMN("cafe_keys", "digest")             \
    COLUMN("cafe_keys", "may")                \
    COLUMN("supplier_imports", "import_key")  \
    COLUMN("supplier_import_files", "bytes")  \
    COLUMN("supplier_import_rows", "applied") \
    COLUMN("supplier_change_groups", "leads")

static const struct rule rules[] = {
    { true, "SELECT CONCAT('it is not a table but a ', LOWER(TABLE_TYPE))"
            " FROM information_schema.TABLES WHERE" THIS_TABLE
            " AND TABLE_TYPE NOT IN ('BASE TABLE', 'SYSTEM VERSIONED')" },
    /* The first application's columns, and those of the tables that stand
     * beside: they may be somebody else's of the same name. */
    { true, "SELECT CONCAT('the table ', w.t, ' has no column ', w.c) FROM"
            " (SELECT 'suppliers' AS t, 'id' AS c"
            " UNION ALL SELECT 'suppliers', f.c FROM " COLUMNS_TABLE
            " f WHERE f.since = 1" NEIGHBOURS ") w"
            " JOIN information_schema.TABLES x"
            " ON x.TABLE_SCHEMA = DATABASE() AND x.TABLE_NAME = w.t"
            " LEFT JOIN information_schema.COLUMNS k"
            " ON k.TABLE_SCHEMA = DATABASE() AND k.TABLE_NAME = w.t"
            " AND k.COLUMN_NAME = w.c WHERE k.COLUMN_NAME IS NULL" },
    { true, "SELECT CONCAT('its id is ', COLUMN_TYPE, '; it must be a whole "
            "number (INT or BIGINT)')" OF_COLUMNS
            " AND COLUMN_NAME = 'id' AND DATA_TYPE NOT IN"
            " ('tinyint', 'smallint', 'mediumint', 'int', 'bigint')" },
    { true, "SELECT CONCAT('its ', COLUMN_NAME, ' is ', COLUMN_TYPE, '; it "
            "must be a text, for example VARCHAR(255)')" OF_COLUMNS
            " AND COLUMN_NAME IN" TEXT_FIELDS
            " AND DATA_TYPE NOT IN ('char', 'varchar', 'tinytext', 'text',"
            " 'mediumtext', 'longtext', 'enum', 'set')" },
    { true, "SELECT CONCAT('its ', COLUMN_NAME,"
            " ' is generated and can not be written')" OF_COLUMNS
            " AND COLUMN_NAME IN" OUR_FIELDS
            " AND COALESCE(GENERATION_EXPRESSION, '') <> ''" },
    { true, "SELECT 'its id must be NOT NULL and the primary key or UNIQUE, on "
            "its own'" OF_COLUMNS
            " AND COLUMN_NAME = 'id' AND (IS_NULLABLE = 'YES' OR NOT EXISTS"
            " (SELECT INDEX_NAME FROM information_schema.STATISTICS"
            "   WHERE" THIS_TABLE " AND NON_UNIQUE = 0 GROUP BY INDEX_NAME"
            "   HAVING COUNT(*) = 1 AND MAX(COLUMN_NAME) = 'id'"
            "   AND MAX(SUB_PART) IS NULL))" },
    /* Once it is adopted these are ours, whatever is in them. */
    { true, "SELECT CONCAT('there is a trigger ', TRIGGER_NAME, ' on ',"
            " EVENT_OBJECT_TABLE, ' already; rename it')"
            " FROM information_schema.TRIGGERS"
            " WHERE TRIGGER_SCHEMA = DATABASE() AND TRIGGER_NAME IN"
            " (" TRIGGER_NAMES ")"
            " AND NOT EXISTS (SELECT 1 FROM information_schema.TABLES"
            "  WHERE TABLE_SCHEMA = DATABASE()"
            "  AND TABLE_NAME = 'supplier_revision')" },

    { false,
      "SELECT CONCAT('suppliers.', k.COLUMN_NAME, ' is ',"
      " k.COLUMN_TYPE, ': it holds less than the form accepts (', w.holds,"
      " IF(w.has_lines, ' bytes', ' characters'),"
      " '); longer text is refused at the field')"
      " FROM " COLUMNS_TABLE " w JOIN information_schema.COLUMNS k"
      " ON k.TABLE_SCHEMA = DATABASE() AND k.TABLE_NAME = 'suppliers'"
      " AND k.COLUMN_NAME = w.c"
      " AND k.DATA_TYPE NOT IN ('enum', 'set')"
      " AND k.CHARACTER_MAXIMUM_LENGTH < w.holds * IF(NOT w.has_lines"
      "  AND k.DATA_TYPE LIKE '%text', 4, 1)" },
    { false,
      "SELECT CONCAT('suppliers.', COLUMN_NAME, ' is ', COLUMN_TYPE,"
      " ': anything else is refused at the field')" OF_COLUMNS
      " AND COLUMN_NAME IN" TEXT_FIELDS " AND DATA_TYPE IN ('enum', 'set')" },
    { false,
      "SELECT CONCAT('suppliers.', COLUMN_NAME, ' must have a"
      " value, and the form does not set it: no supplier can be added"
      " until it has a default (ALTER TABLE suppliers ALTER ',"
      " COLUMN_NAME, ' SET DEFAULT ...) or a trigger that sets it')" OF_COLUMNS
      " AND IS_NULLABLE = 'NO' AND COLUMN_DEFAULT IS NULL"
      " AND COLUMN_NAME NOT IN" OUR_FIELDS " AND DATA_TYPE <> 'enum'"
      " AND COALESCE(GENERATION_EXPRESSION, '') = ''"
      " AND EXTRA NOT LIKE '%auto_increment%'" },
    { false, "SELECT 'suppliers.id is an unsigned BIGINT: suppliers with an id"
             " above 9223372036854775807 are logged, but not shown'" OF_COLUMNS
             " AND COLUMN_NAME = 'id' AND DATA_TYPE = 'bigint'"
             " AND COLUMN_TYPE LIKE '%unsigned%'" },
    { false, "SELECT 'suppliers.id is not AUTO_INCREMENT: no supplier can be"
             " added until it is'" OF_COLUMNS
             " AND COLUMN_NAME = 'id' AND EXTRA NOT LIKE '%auto_increment%'" },
    { false, "SELECT CONCAT('the foreign key ', CONSTRAINT_NAME, ' of suppliers"
             " changes rows without any trigger (ON DELETE ', DELETE_RULE,"
             " ', ON UPDATE ', UPDATE_RULE, '): pages show that within a"
             " minute, the history after the next --migrate')"
             " FROM information_schema.REFERENTIAL_CONSTRAINTS"
             " WHERE CONSTRAINT_SCHEMA = DATABASE()"
             " AND TABLE_NAME = 'suppliers'"
             " AND (DELETE_RULE IN ('CASCADE', 'SET NULL')"
             "  OR UPDATE_RULE IN ('CASCADE', 'SET NULL'))" },
};

struct look {
    const struct rule *rule;
    struct text *report;
    size_t refusals;
};

static enum error take_sentence(const struct db_row *row, void *context)
{
    struct look *look = context;
    struct slice sentence = db_row_text(row, 0);

    if (look->rule->refuses && look->refusals++ == 0)
        text_append_string(look->report,
                           "The table suppliers can't be adopted:\n");
    text_append_string(look->report, look->rule->refuses ? "- " : "note: ");
    text_append_slice(look->report, sentence);
    text_append_char(look->report, '\n');
    return OK;
}

enum error adoption_look(struct db_connection *connection, struct text *report)
{
    struct look look = { .report = report };

    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        enum error err;

        look.rule = &rules[i];
        err = db_query(connection, rules[i].sql, NULL, 0, take_sentence, &look);
        if (err != OK)
            return err;
    }
    if (look.refusals == 0)
        return OK;
    text_append_string(report, "Nothing was changed.\n");
    return ERROR_CONFLICT;
}
