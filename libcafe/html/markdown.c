/* Markdown to safe HTML: cmark parses, what is unsafe is taken out of the
 * syntax tree, cmark writes the rest. */
#include "cafe/markdown.h"

#include <cmark.h>
#include <string.h>
#include <strings.h>

enum { DEPTH_MAX = 64 };

static const char *const schemes[] = { "https", "http", "mailto", "tel" };

/* Browsers drop white space and read a backslash as a slash: such a target
 * may lead elsewhere than it says. */
static bool has_odd_bytes(const char *url)
{
    const unsigned char *byte = (const unsigned char *)url;

    for (; *byte != '\0'; byte++) {
        if (*byte <= 0x20 || *byte == 0x7f || *byte == '\\')
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
    size_t i;

    if (has_odd_bytes(url))
        return false;
    if (is_relative(url))
        return true;
    for (i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
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

static void drop(cmark_node *node)
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
static void mend(cmark_node *node)
{
    switch (cmark_node_get_type(node)) {
    case CMARK_NODE_HTML_BLOCK:
    case CMARK_NODE_HTML_INLINE:
        drop(node);
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

/* A node that was left has been seen whole and may go: cmark's iterator is
 * one event ahead. */
static bool mend_tree(cmark_node *document)
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
            mend(node);
    }
    cmark_iter_free(iter);
    return depth <= DEPTH_MAX;
}

static void write_html(cmark_node *document, struct text *out)
{
    char *html = cmark_render_html(document, CMARK_OPT_DEFAULT);
    size_t len = html ? strlen(html) : 0;

    if (html == NULL || len > MARKDOWN_HTML_MAX_BYTES)
        out->failed = true;
    else
        text_append(out, html, len);
    cmark_get_default_mem_allocator()->free(html);
}

void markdown_render(struct slice source, struct text *out)
{
    cmark_node *document;

    if (source.len > MARKDOWN_SOURCE_MAX_BYTES) {
        out->failed = true;
        return;
    }
    document = cmark_parse_document(source.len ? source.data : "", source.len,
                                    CMARK_OPT_VALIDATE_UTF8);
    if (document == NULL) {
        out->failed = true;
        return;
    }
    if (mend_tree(document))
        write_html(document, out);
    else
        out->failed = true;
    cmark_node_free(document);
}
