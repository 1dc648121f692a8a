/* Markdown: whatever comes in, the HTML that comes out has only the tags,
 * attributes and link targets that a page may show. The scanner here knows
 * nothing of Markdown. */
#include <ctype.h>

#include "cafe/base/utf8.h"
#include "cafe/html/markdown.h"
#include "fuzz.h"

enum { NAME_MAX_BYTES = 16, OPEN_MAX = 512, URL_MAX_BYTES = 70 * 1024 };

static const struct {
    const char *tag;
    const char *attributes; /* between spaces */
    bool empty;             /* "<br />": has no end tag */
} allowed[] = {
    { "p", "", false },
    { "h2", "", false },
    { "h3", "", false },
    { "h4", "", false },
    { "h5", "", false },
    { "h6", "", false },
    { "ul", "", false },
    { "ol", " start ", false },
    { "li", "", false },
    { "blockquote", "", false },
    { "pre", "", false },
    { "code", " class ", false },
    { "em", "", false },
    { "strong", "", false },
    { "br", "", true },
    { "hr", "", true },
    { "img", " src alt title ", true },
    { "a", " href title ", false },
};

enum { ALLOWED = sizeof(allowed) / sizeof(allowed[0]) };

struct scanner {
    const char *at; /* NUL-terminated */
    size_t open[OPEN_MAX];
    size_t depth;
};

static size_t find_tag(const char *name, size_t len)
{
    for (size_t i = 0; i < ALLOWED; i++) {
        if (strlen(allowed[i].tag) == len &&
            memcmp(allowed[i].tag, name, len) == 0)
            return i;
    }
    fprintf(stderr, "tag: %.*s\n", (int)len, name);
    FAIL("a tag that is not allowed");
    return 0;
}

/* Undo the references that HTML texts may have here; all others are faults.
 * Returns the byte and moves behind it. */
static char next_byte(const char **at)
{
    static const struct {
        const char *reference;
        char byte;
    } references[] = {
        { "&amp;", '&' },  { "&lt;", '<' },   { "&gt;", '>' },
        { "&quot;", '"' }, { "&#39;", '\'' }, { "&#x27;", '\'' }
    };

    if (**at != '&')
        return *(*at)++;
    for (size_t i = 0; i < sizeof(references) / sizeof(references[0]); i++) {
        size_t len = strlen(references[i].reference);

        if (strncmp(*at, references[i].reference, len) == 0) {
            *at += len;
            return references[i].byte;
        }
    }
    FAIL("an ampersand that begins no reference");
    return 0;
}

/* What a browser does to a target before it looks for a scheme: white space
 * and controls in front go, tab and line ends everywhere. */
static void check_url(const char *url, bool image)
{
    static const char *const schemes[] = { "https:", "http:", "mailto:",
                                           "tel:" };
    size_t scheme_len = 0;

    for (size_t i = 0; url[i] != '\0'; i++)
        CHECK((unsigned char)url[i] > 0x20 && url[i] != '\\');
    CHECK(strncmp(url, "//", 2) != 0);
    while (isalnum((unsigned char)url[scheme_len]) ||
           (url[scheme_len] != '\0' && strchr("+-.", url[scheme_len]) != NULL))
        scheme_len++;
    if (url[scheme_len] != ':')
        return;
    CHECK(!image);
    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
        if (strncasecmp(url, schemes[i], strlen(schemes[i])) == 0)
            return;
    }
    fprintf(stderr, "target: %s\n", url);
    FAIL("a scheme that is not allowed");
}

/* The value between quotes; ends after the second. */
static void scan_value(struct scanner *scanner, const char *name, size_t len)
{
    static char value[URL_MAX_BYTES];
    bool href = len == 4 && memcmp(name, "href", 4) == 0;
    bool src = len == 3 && memcmp(name, "src", 3) == 0;
    size_t used = 0;

    CHECK(*scanner->at == '"');
    scanner->at++;
    while (*scanner->at != '"') {
        CHECK(*scanner->at != '\0' && *scanner->at != '<' &&
              *scanner->at != '>');
        CHECK(used < sizeof(value) - 1);
        value[used++] = next_byte(&scanner->at);
    }
    scanner->at++;
    value[used] = '\0';
    if (href || src)
        check_url(value, src);
}

static void scan_attribute(struct scanner *scanner, size_t tag)
{
    const char *name = scanner->at;
    char wanted[NAME_MAX_BYTES + 3];
    size_t len;

    while (islower((unsigned char)*scanner->at))
        scanner->at++;
    len = (size_t)(scanner->at - name);
    CHECK(len > 0 && len <= NAME_MAX_BYTES);
    snprintf(wanted, sizeof(wanted), " %.*s ", (int)len, name);
    CHECK(strstr(allowed[tag].attributes, wanted) != NULL);
    CHECK(*scanner->at == '=');
    scanner->at++;
    scan_value(scanner, name, len);
}

static void scan_start_tag(struct scanner *scanner, size_t tag)
{
    while (*scanner->at == ' ' && scanner->at[1] != '/') {
        scanner->at++;
        scan_attribute(scanner, tag);
    }
    if (allowed[tag].empty) {
        CHECK(strncmp(scanner->at, " />", 3) == 0);
        scanner->at += 3;
        return;
    }
    CHECK(*scanner->at == '>');
    scanner->at++;
    CHECK(scanner->depth < OPEN_MAX);
    scanner->open[scanner->depth++] = tag;
}

static void scan_tag(struct scanner *scanner)
{
    bool end = *++scanner->at == '/';
    const char *name = scanner->at += end;
    size_t tag;

    while (isalnum((unsigned char)*scanner->at))
        scanner->at++;
    tag = find_tag(name, (size_t)(scanner->at - name));
    if (!end) {
        scan_start_tag(scanner, tag);
        return;
    }
    CHECK(*scanner->at == '>');
    scanner->at++;
    CHECK(scanner->depth > 0 && scanner->open[--scanner->depth] == tag);
}

static void check_html(const char *html)
{
    struct scanner scanner = { .at = html };

    while (*scanner.at != '\0') {
        if (*scanner.at == '<') {
            scan_tag(&scanner);
        } else {
            CHECK(*scanner.at != '>');
            next_byte(&scanner.at);
        }
    }
    CHECK(scanner.depth == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct text html;
    bool blank = true, formatted;

    for (size_t i = 0; i < size; i++)
        blank = blank && data[i] <= ' ';
    text_init(&html, 0);
    formatted = markdown_render(fuzz_slice(data, size), &html);
    CHECK(!html.failed);
    CHECK(html.len <= MARKDOWN_HTML_MAX_BYTES);
    CHECK(size <= MARKDOWN_SOURCE_MAX_BYTES || blank || !formatted);
    CHECK(blank == (html.len == 0));
    if (html.len > 0) {
        CHECK(strlen(html.data) == html.len);
        CHECK(utf8_valid(text_slice(&html)));
        check_html(html.data);
    }
    text_free(&html);
    return 0;
}
