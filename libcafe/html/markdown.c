/* Markdown to safe HTML: cmark parses, what is unsafe is taken out of the
 * syntax tree, cmark writes the rest. What it can't show becomes plain text:
 * notes that were saved never vanish from a page. */
#include "cafe/html/markdown.h"

#include <cmark.h>
#include <string.h>
#include <strings.h>

#include "cafe/base/utf8.h"
#include "template.h"

enum {
    DEPTH_MAX = 64,
    COLUMNS_MAX = 3 * DEPTH_MAX, /* a level of a list takes two at least */
    STEP_MAX_BYTES = 8           /* of a character or line break as HTML */
};

static const char *const schemes[] = { "https", "http", "mailto", "tel" };

/* Browsers drop white space and read a backslash as a slash: such a target
 * may lead elsewhere than it says. */
static bool has_odd_bytes(const char *url)
{
    for (; *url != '\0'; url++) {
        if (*url == ' ' || *url == '\\' || byte_is_control(*url))
            return true;
    }
    return false;
}

/* RFC 3986 4.2: a path, query or fragment, without an authority. */
static bool is_relative(const char *url)
{
    size_t first = strcspn(url, ":/?#");

    return url[first] != ':' && strncmp(url, "//", 2) != 0;
}

static bool link_is_safe(const char *url)
{
    size_t len = strcspn(url, ":");

    if (has_odd_bytes(url))
        return false;
    if (is_relative(url))
        return true;
    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
        if (strlen(schemes[i]) == len && strncasecmp(url, schemes[i], len) == 0)
            return true;
    }
    return false;
}

static bool image_is_safe(const char *url)
{
    return !has_odd_bytes(url) && is_relative(url);
}

/* Put a node's children, its text, in its place. */
static void replace_by_children(cmark_node *node)
{
    cmark_node *child;

    while ((child = cmark_node_first_child(node)) != NULL)
        cmark_node_insert_before(node, child);
    cmark_node_unlink(node);
    cmark_node_free(node);
}

static void markdown_drop(cmark_node *node)
{
    cmark_node_unlink(node);
    cmark_node_free(node);
}

/* The page has the heading of the first level. */
static void lower_heading(cmark_node *node)
{
    int level = cmark_node_get_heading_level(node);

    cmark_node_set_heading_level(node, level < 6 ? level + 1 : 6);
}

/* Make one node safe; it may be gone afterwards. */
static void make_safe(cmark_node *node)
{
    switch (cmark_node_get_type(node)) {
    case CMARK_NODE_HTML_BLOCK:
    case CMARK_NODE_HTML_INLINE:
        markdown_drop(node);
        break;
    case CMARK_NODE_HEADING:
        lower_heading(node);
        break;
    case CMARK_NODE_LINK:
        if (!link_is_safe(cmark_node_get_url(node)))
            replace_by_children(node);
        break;
    case CMARK_NODE_IMAGE:
        if (!image_is_safe(cmark_node_get_url(node)))
            replace_by_children(node);
        break;
    default:
        break;
    }
}

/* Leaves have no exit event. */
static bool is_leaf(cmark_node *node)
{
    switch (cmark_node_get_type(node)) {
    case CMARK_NODE_HTML_BLOCK:
    case CMARK_NODE_THEMATIC_BREAK:
    case CMARK_NODE_CODE_BLOCK:
    case CMARK_NODE_TEXT:
    case CMARK_NODE_SOFTBREAK:
    case CMARK_NODE_LINEBREAK:
    case CMARK_NODE_CODE:
    case CMARK_NODE_HTML_INLINE:
        return true;
    default:
        return false;
    }
}

/* Make all nodes safe; false when they are nested too deeply. A node is changed
 * when it is left: cmark's iterator is one event ahead, and has no use for it
 * any more. */
static bool make_tree_safe(cmark_node *document)
{
    cmark_iter *iter = cmark_iter_new(document);
    cmark_event_type event;
    size_t depth = 0;

    while (depth <= DEPTH_MAX &&
           (event = cmark_iter_next(iter)) != CMARK_EVENT_DONE) {
        cmark_node *node = cmark_iter_get_node(iter);
        bool leaf = is_leaf(node);

        if (event == CMARK_EVENT_ENTER && !leaf)
            depth++;
        if (event == CMARK_EVENT_EXIT)
            depth--;
        if (event == CMARK_EVENT_EXIT || leaf)
            make_safe(node);
    }
    cmark_iter_free(iter);
    return depth <= DEPTH_MAX;
}

/* Text, an image or a line is left; in what cmark has written every other "<"
 * and ">" is escaped. */
static bool shows_something(const char *html)
{
    bool in_tag = false;

    if (strstr(html, "<img ") != NULL || strstr(html, "<hr ") != NULL)
        return true;
    for (; *html != '\0'; html++) {
        if (*html == '<')
            in_tag = true;
        else if (*html == '>')
            in_tag = false;
        else if (!in_tag && (unsigned char)*html > ' ')
            return true;
    }
    return false;
}

/* False, with nothing written: there is nothing to show, or too much. */
static bool write_html(cmark_node *document, struct text *out)
{
    char *html = cmark_render_html(document, CMARK_OPT_DEFAULT);
    size_t len = html != NULL ? strlen(html) : 0;
    bool fine = html != NULL && len <= MARKDOWN_HTML_MAX_BYTES &&
                shows_something(html);

    if (fine)
        text_append(out, html, len);
    cmark_get_default_mem_allocator()->free(html);
    return fine;
}

/* The bytes of a marker of a list or quotation that a text begins with; 0: it
 * begins with none. */
static size_t marker_len(const char *text, size_t len)
{
    size_t at = 0;

    if (len > 0 && *text == '>')
        return 1;
    if (len > 0 && (*text == '-' || *text == '+' || *text == '*'))
        at = 1;
    if (at == 0) {
        while (at < len && text[at] >= '0' && text[at] <= '9')
            at++;
        if (at == 0 || at == len || (text[at] != '.' && text[at] != ')'))
            return 0;
        at++;
    }
    return at == len || text[at] == ' ' || text[at] == '\t' ||
                   text[at] == '\r' || text[at] == '\n'
               ? at
               : 0;
}

/* A list or quotation that begins this far to the right may be nested as deep
 * as half of that, and each line would take cmark as long. */
static bool is_far_right(const char *line, size_t len)
{
    bool marked = false;
    size_t at = 0, marker;

    while (at < len && at <= COLUMNS_MAX) {
        if (line[at] == ' ' || line[at] == '\t') {
            at++;
            continue;
        }
        if ((marker = marker_len(line + at, len - at)) == 0)
            break;
        marked = true;
        at += marker;
    }
    return marked && at > COLUMNS_MAX;
}

/* cmark takes seconds for 64 KiB of lists within lists and empty lines. */
static bool is_nested_too_deeply(struct slice source)
{
    size_t at = 0;

    while (at < source.len) {
        const char *line = source.data + at;
        const char *end = memchr(line, '\n', source.len - at);
        size_t len = end != NULL ? (size_t)(end - line) + 1 : source.len - at;

        if (is_far_right(line, len))
            return true;
        at += len;
    }
    return false;
}

static bool write_markdown(struct slice source, struct text *out)
{
    cmark_node *document;
    bool fine;

    if (source.len > MARKDOWN_SOURCE_MAX_BYTES || is_nested_too_deeply(source))
        return false;
    document =
        cmark_parse_document(source.data, source.len, CMARK_OPT_VALIDATE_UTF8);
    fine = document != NULL && make_tree_safe(document) &&
           write_html(document, out);
    if (document != NULL)
        cmark_node_free(document);
    return fine;
}

/* Plain text. */

static bool markdown_is_blank(struct slice source)
{
    for (size_t i = 0; i < source.len; i++) {
        if ((unsigned char)source.data[i] > ' ')
            return false;
    }
    return true;
}

/* Write the character or line break that a text begins with. */
static struct slice write_next(struct slice rest, struct text *out)
{
    size_t len = utf8_sequence_len(rest);
    struct slice next = { rest.data, len };

    if (len == 0 || *rest.data == '\0') {
        text_append_string(out, "\xef\xbf\xbd"); /* U+FFFD */
        len = 1;
    } else if (slice_starts(rest, "\r\n")) {
        text_append_string(out, "<br />\n");
        len = 2;
    } else if (*rest.data == '\n' || *rest.data == '\r') {
        text_append_string(out, "<br />\n");
    } else {
        html_escape(out, next);
    }
    return (struct slice){ rest.data + len, rest.len - len };
}

static void write_plain(struct slice rest, struct text *out)
{
    static const char cut[] =
        "</p>\n<p>… The rest is too long to be shown here.";
    static const char end[] = "</p>\n";
    const size_t most = MARKDOWN_HTML_MAX_BYTES - sizeof(cut) - sizeof(end) -
                        STEP_MAX_BYTES;

    text_append_string(out, "<p>");
    while (rest.len > 0 && !out->failed && out->len < most)
        rest = write_next(rest, out);
    if (rest.len > 0)
        text_append_string(out, cut);
    text_append_string(out, end);
}

bool markdown_render(struct slice source, struct text *out)
{
    if (markdown_is_blank(source) || write_markdown(source, out))
        return true;
    write_plain(source, out);
    return false;
}
