/* QR codes as SVG: qrencode.h is included here only. */
#include "cafe/html/qr.h"

#include <qrencode.h>

enum {
    MARGIN = 4,   /* squares: ISO/IEC 18004, quiet zone */
    DARK = 1,     /* the bit of a square that says so */
    ECI_UTF8 = 26 /* AIM ITS/04-023 */
};

/* The dark squares from x on, as one step of a path. Gives where they end. */
static int append_run(const unsigned char *row, int x, int width,
                      struct text *out)
{
    int end = x;

    while (end < width && (row[end] & DARK) != 0)
        end++;
    text_printf(out, "h%dv1h-%dz", end - x, end - x);
    return end;
}

static void append_squares(const QRcode *code, struct text *out)
{
    for (int y = 0; y < code->width; y++) {
        const unsigned char *row = code->data + (size_t)y * (size_t)code->width;

        for (int x = 0; x < code->width; x++) {
            if ((row[x] & DARK) == 0)
                continue;
            text_printf(out, "M%d %d", x + MARGIN, y + MARGIN);
            x = append_run(row, x, code->width, out);
        }
    }
}

/* The text as bytes of UTF-8, which is said where it makes a difference:
 * readers guess otherwise. Screens don't get dirty: the least redundancy, and
 * so the largest squares. NULL when out of memory. */
static QRcode *encode(struct slice text)
{
    QRinput *input = QRinput_new2(0, QR_ECLEVEL_L);
    QRcode *code = NULL;
    bool ascii = true;

    if (input == NULL)
        return NULL;
    for (size_t i = 0; i < text.len; i++)
        ascii = ascii && (unsigned char)text.data[i] < 0x80;
    if ((ascii || QRinput_appendECIheader(input, ECI_UTF8) == 0) &&
        QRinput_append(input, QR_MODE_8, (int)text.len,
                       (const unsigned char *)text.data) == 0)
        code = QRcode_encodeInput(input);
    QRinput_free(input);
    return code;
}

bool qr_svg(struct slice text, struct text *out)
{
    QRcode *code;
    int side;

    if (text.len == 0 || text.len > QR_TEXT_MAX_BYTES)
        return false;
    code = encode(text);
    if (code == NULL) {
        text_fail(out);
        return true;
    }
    side = code->width + 2 * MARGIN;
    text_printf(out,
                "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" "
                "height=\"%d\" viewBox=\"0 0 %d %d\" "
                "shape-rendering=\"crispEdges\">"
                "<path fill=\"#fff\" d=\"M0 0h%dv%dH0z\"/><path d=\"",
                4 * side, 4 * side, side, side, side, side);
    append_squares(code, out);
    text_append_string(out, "\"/></svg>\n");
    QRcode_free(code);
    return true;
}
