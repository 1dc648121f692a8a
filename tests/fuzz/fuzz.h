/* What the fuzz targets share: a check that stops the run, and reading
 * choices from the front of an input. */
#ifndef CAFE_FUZZ_H
#define CAFE_FUZZ_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cafe/base/text.h"

/** Called by libFuzzer, once before all inputs. */
int LLVMFuzzerInitialize(int *argc, char ***argv);

/** Called by libFuzzer for each input. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** Unlike assert() it stays in every build. */
#define CHECK(condition) \
    ((condition) ? (void)0 : fuzz_fail(__FILE__, __LINE__, #condition))
#define FAIL(text) fuzz_fail(__FILE__, __LINE__, (text))

_Noreturn static inline void fuzz_fail(const char *file, int line,
                                       const char *what)
{
    fprintf(stderr, "%s:%d: CHECK: %s\n", file, line, what);
    abort();
}

static inline struct slice fuzz_slice(const uint8_t *data, size_t size)
{
    return (struct slice){ (const char *)data, size };
}

/** Take a byte from the front; 0 when there is none. */
static inline unsigned fuzz_take(struct slice *input)
{
    unsigned byte = 0;

    if (input->len > 0) {
        byte = (unsigned char)input->data[0];
        input->data++;
        input->len--;
    }
    return byte;
}

/** `part` lies within `whole`. */
static inline bool fuzz_within(struct slice part, struct slice whole)
{
    return part.data >= whole.data &&
           part.data + part.len <= whole.data + whole.len;
}

#endif
