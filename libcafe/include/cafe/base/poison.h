/* Memory that nobody may touch for now: AddressSanitizer reports who does. */
#ifndef CAFE_POISON_H
#define CAFE_POISON_H

#include <stddef.h>

#ifdef __has_feature /* clang's way to ask */
#if __has_feature(address_sanitizer)
#define CAFE_ASAN 1
#endif
#endif
#ifdef __SANITIZE_ADDRESS__ /* gcc's */
#define CAFE_ASAN 1
#endif

#ifdef CAFE_ASAN
enum { POISON_GAP_BYTES = 16 }; /* between two objects of one piece of memory */

/* Of AddressSanitizer (sanitizer/asan_interface.h). That header says const
 * void *, which gcc takes for reading memory that nobody has written yet. */
void __asan_poison_memory_region(void *memory, size_t bytes);
void __asan_unpoison_memory_region(void *memory, size_t bytes);

/** From now on reading or writing these bytes is an error. */
#define poison(memory, bytes) __asan_poison_memory_region(memory, bytes)

/** These bytes may be used again. */
#define unpoison(memory, bytes) __asan_unpoison_memory_region(memory, bytes)
#else
enum { POISON_GAP_BYTES = 0 };

#define poison(memory, bytes) ((void)0)
#define unpoison(memory, bytes) ((void)0)
#endif

#endif
