/* Bytes of a file as UTF-8. */
#ifndef CAFE_IMPORT_DECODE_H
#define CAFE_IMPORT_DECODE_H

#include "cafe/import/reader.h"

enum {
    DECODE_PIECE_BYTES = 4096,
    DECODE_FAULTY = 0xff /* stands for bytes that are no text: no UTF-8 has it
                          */
};

struct decoder {
    enum import_charset charset;
    bool begun;        /* past the place of a BOM */
    size_t bom_len;    /* bytes of one in UTF-8 that have been seen */
    bool half;         /* UTF-16: a byte waits for its second */
    unsigned char low; /* that byte */
    uint32_t lead;     /* UTF-16: a surrogate that waits for its second; 0: none
                        */
};

/**
 * Decode the next bytes.
 *
 * bytes  At most DECODE_PIECE_BYTES.
 * out    UTF-8 is appended, with DECODE_FAULTY in it; bytes that are UTF-8
 *        already are not checked.
 */
void decoder_feed(struct decoder *decoder, struct slice bytes,
                  struct text *out);

/** The bytes have ended: append what stands for half a character. */
void decoder_finish(struct decoder *decoder, struct text *out);

#endif
