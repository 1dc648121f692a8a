/* Compiles Mustache (https://mustache.github.io, specification 1.4 without
 * lambdas) to a syntax tree. Tags alone on a line vanish with their line. */
#include <string.h>

#include "template.h"

enum { DELIMITER_MAX_BYTES = 16 };

/* A section that is open while its children are compiled. */
struct open_section {
    struct node *node;
    struct node **tail; /* where its parent goes on */
};

struct compiler {
    struct arena *arena;
    const char *name;
    struct slice source;
    size_t at;         /* next byte to look at */
    size_t line_begin; /* offset of the line that `at` is in */
    int line;
    bool line_start; /* no node of this line yet */
    char open[DELIMITER_MAX_BYTES + 1];
    char close[DELIMITER_MAX_BYTES + 1];
    struct node **tail; /* where the next node goes */
    struct open_section sections[SECTIONS_MAX_DEPTH];
    size_t depth;
    struct text *error;
};

/* A tag as found in the source. */
struct tag {
    char sigil; /* of # ^ / ! = > & {; 0 for a plain name */
    struct slice content;
    size_t begin, end; /* offsets of its first byte and after its last */
    int line;
};

/* "views/nav.html:12: section 'x' is not closed" */
static enum error compile_fault(const struct compiler *compiler, int line,
                                const char *before, struct slice name,
                                const char *after)
{
    text_printf(compiler->error, "%s:%d: %s'%.*s'%s", compiler->name, line,
                before, (int)name.len, name.data, after);
    return ERROR_CONFIG;
}

static size_t compile_find(struct slice source, size_t from, const char *wanted)
{
    const char *found =
        memmem(source.data + from, source.len - from, wanted, strlen(wanted));

    return found != NULL ? (size_t)(found - source.data) : source.len;
}

static struct node *compile_add_node(struct compiler *compiler,
                                     enum node_kind kind, struct slice text,
                                     int line)
{
    struct node *node = arena_alloc(compiler->arena, sizeof(*node));

    if (node == NULL)
        return NULL;
    node->kind = kind;
    node->text = text;
    node->line = line;
    node->line_start = compiler->line_start;
    compiler->line_start = false;
    *compiler->tail = node;
    compiler->tail = &node->next;
    return node;
}

static enum error add_literal(struct compiler *compiler, size_t begin,
                              size_t end)
{
    struct slice text = { compiler->source.data + begin, end - begin };

    if (text.len == 0)
        return OK;
    if (compile_add_node(compiler, NODE_LITERAL, text, compiler->line) == NULL)
        return ERROR_MEMORY;
    compiler->line_start = text.data[text.len - 1] == '\n';
    return OK;
}

/* Move on to an offset, counting lines. */
static void move_to(struct compiler *compiler, size_t to)
{
    for (; compiler->at < to; compiler->at++) {
        if (compiler->source.data[compiler->at] == '\n') {
            compiler->line++;
            compiler->line_begin = compiler->at + 1;
        }
    }
}

static bool compile_is_blank(struct slice source, size_t begin, size_t end)
{
    for (; begin < end; begin++) {
        if (source.data[begin] != ' ' && source.data[begin] != '\t')
            return false;
    }
    return true;
}

/* The offset after the line end that follows, if nothing else does; else 0. */
static size_t rest_of_line(struct slice source, size_t from)
{
    while (from < source.len &&
           (source.data[from] == ' ' || source.data[from] == '\t'))
        from++;
    if (from == source.len)
        return from;
    if (source.data[from] == '\r' && from + 1 < source.len)
        from++;
    return source.data[from] == '\n' ? from + 1 : 0;
}

/* Read the tag that begins at compiler->at. */
static enum error read_tag(struct compiler *compiler, struct tag *tag)
{
    size_t begin = compiler->at + strlen(compiler->open);
    char ending[DELIMITER_MAX_BYTES + 2];
    size_t extra = 0;
    size_t end;

    tag->begin = compiler->at;
    tag->line = compiler->line;
    tag->sigil = '\0';
    if (begin < compiler->source.len &&
        byte_is_in(compiler->source.data[begin], "#^/!=>&{"))
        tag->sigil = compiler->source.data[begin++];
    /* These end with a mark of their own in front of the delimiter. */
    if (tag->sigil == '{' || tag->sigil == '=')
        ending[extra++] = tag->sigil == '{' ? '}' : '=';
    memcpy(ending + extra, compiler->close, strlen(compiler->close) + 1);
    end = compile_find(compiler->source, begin, ending);
    if (end == compiler->source.len)
        return compile_fault(compiler, tag->line, "a tag is not closed by ",
                             slice_of(ending), "");
    tag->content = slice_trim(
        (struct slice){ compiler->source.data + begin, end - begin });
    tag->end = end + strlen(ending);
    return OK;
}

/* Or a NUL, which would end a delimiter too early. */
static bool has_space(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '\0' || byte_is_in(text.data[i], " \t\r\n"))
            return true;
    }
    return false;
}

static enum error compile_check_name(const struct compiler *compiler,
                                     const struct tag *tag)
{
    if (tag->content.len == 0)
        return compile_fault(compiler, tag->line,
                             "a tag has no name: ", tag->content, "");
    if (has_space(tag->content))
        return compile_fault(compiler, tag->line, "", tag->content,
                             " is not a name");
    return OK;
}

/* {{=<% %>=}} */
static enum error set_delimiters(struct compiler *compiler,
                                 const struct tag *tag)
{
    struct slice open = tag->content;
    struct slice close = tag->content;

    while (close.len > 0 && !has_space((struct slice){ close.data, 1 })) {
        close.data++;
        close.len--;
    }
    open.len -= close.len;
    close = slice_trim(close);
    if (open.len == 0 || close.len == 0 || open.len > DELIMITER_MAX_BYTES ||
        close.len > DELIMITER_MAX_BYTES || has_space(close) ||
        memchr(tag->content.data, '=', tag->content.len) != NULL)
        return compile_fault(compiler, tag->line, "", tag->content,
                             " are not two delimiters");
    memcpy(compiler->open, open.data, open.len);
    compiler->open[open.len] = '\0';
    memcpy(compiler->close, close.data, close.len);
    compiler->close[close.len] = '\0';
    return OK;
}

static enum error open_section(struct compiler *compiler, const struct tag *tag)
{
    enum node_kind kind = tag->sigil == '#' ? NODE_SECTION : NODE_INVERTED;
    struct node *node;

    if (compiler->depth == SECTIONS_MAX_DEPTH)
        return compile_fault(compiler, tag->line, "section ", tag->content,
                             " is too deep");
    node = compile_add_node(compiler, kind, tag->content, tag->line);
    if (node == NULL)
        return ERROR_MEMORY;
    /* The tail points to the node's `next` now: that is where its parent goes
     * on after the end of the section. */
    compiler->sections[compiler->depth++] =
        (struct open_section){ node, compiler->tail };
    compiler->tail = &node->children;
    return OK;
}

static enum error close_section(struct compiler *compiler,
                                const struct tag *tag)
{
    const struct open_section *section;

    if (compiler->depth == 0)
        return compile_fault(compiler, tag->line, "section ", tag->content,
                             " is not open");
    section = &compiler->sections[--compiler->depth];
    if (!slice_equal(section->node->text, tag->content))
        return compile_fault(compiler, tag->line, "section ", tag->content,
                             " is closed, but another is open");
    compiler->tail = section->tail;
    return OK;
}

static enum error add_partial(struct compiler *compiler, const struct tag *tag,
                              struct slice indent)
{
    struct node *node =
        compile_add_node(compiler, NODE_PARTIAL, tag->content, tag->line);

    if (node == NULL)
        return ERROR_MEMORY;
    node->indent = indent;
    return OK;
}

static enum error add_value(struct compiler *compiler, const struct tag *tag)
{
    enum node_kind kind = tag->sigil ? NODE_RAW : NODE_VALUE;

    return compile_add_node(compiler, kind, tag->content, tag->line) != NULL
               ? OK
               : ERROR_MEMORY;
}

static enum error add_tag(struct compiler *compiler, const struct tag *tag,
                          struct slice indent)
{
    enum error err = OK;

    if (tag->sigil == '!')
        return OK;
    if (tag->sigil == '=')
        return set_delimiters(compiler, tag);
    if ((err = compile_check_name(compiler, tag)) != OK)
        return err;
    switch (tag->sigil) {
    case '#':
    case '^':
        return open_section(compiler, tag);
    case '/':
        return close_section(compiler, tag);
    case '>':
        return add_partial(compiler, tag, indent);
    default:
        return add_value(compiler, tag);
    }
}

/* What stands before the tag, then the tag. If a tag that shows nothing by
 * itself is alone on its line, the line vanishes (specification, "Standalone"):
 * else pages would be full of empty lines. For a partial its white space
 * becomes the indent of each of its lines. */
static enum error take_tag(struct compiler *compiler, size_t literal)
{
    struct tag tag;
    struct slice indent = { NULL, 0 };
    size_t literal_end = compiler->at;
    size_t next = 0;
    enum error err = read_tag(compiler, &tag);

    if (err != OK)
        return err;
    if (byte_is_in(tag.sigil, "#^/!=>") &&
        compile_is_blank(compiler->source, compiler->line_begin, tag.begin))
        next = rest_of_line(compiler->source, tag.end);
    if (next != 0) {
        literal_end = compiler->line_begin;
        indent = (struct slice){ compiler->source.data + literal_end,
                                 tag.begin - literal_end };
    }
    if ((err = add_literal(compiler, literal, literal_end)) != OK)
        return err;
    /* The lines of the partial are indented by `indent`; the node itself must
     * not be, too. */
    if (next != 0 && tag.sigil == '>')
        compiler->line_start = false;
    if ((err = add_tag(compiler, &tag, indent)) != OK)
        return err;
    move_to(compiler, next ? next : tag.end);
    if (next != 0)
        compiler->line_start = true;
    return OK;
}

enum error template_compile(struct arena *arena, const char *name,
                            struct slice source, struct node **nodes,
                            struct text *error)
{
    struct compiler compiler = { .arena = arena,
                                 .name = name,
                                 .source = source,
                                 .line = 1,
                                 .line_start = true,
                                 .open = "{{",
                                 .close = "}}",
                                 .tail = nodes,
                                 .error = error };
    enum error err;

    while (compiler.at < source.len) {
        size_t literal = compiler.at;

        move_to(&compiler, compile_find(source, literal, compiler.open));
        if (compiler.at == source.len)
            err = add_literal(&compiler, literal, source.len);
        else
            err = take_tag(&compiler, literal);
        if (err != OK)
            return err;
    }
    if (compiler.depth > 0) {
        const struct node *open = compiler.sections[compiler.depth - 1].node;

        return compile_fault(&compiler, open->line, "section ", open->text,
                             " is not closed");
    }
    return OK;
}
