/* In a library of its own: each commit compiles and links it again. */
#include "cafe/base/version.h"

#include "version_text.h"

const char *version_text(void)
{
    return VERSION_TEXT;
}

const char *version_build(void)
{
    return VERSION_BUILD;
}
