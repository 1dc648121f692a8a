/* The page that a file is uploaded on. */
#ifndef EMPLOYEE_IMPORT_UPLOAD_H
#define EMPLOYEE_IMPORT_UPLOAD_H

#include "cafe/import/upload.h"
#include "import.h"

/* A file of 32 MiB with the rest of its form; PASTED_BACK_MAX_BYTES of a text
 * are shown again on a page. */
enum {
    IMPORT_FILE_MAX_BYTES = 32 * 1024 * 1024,
    UPLOAD_MAX_BYTES = IMPORT_FILE_MAX_BYTES + 64 * 1024,
    PASTED_BACK_MAX_BYTES = 1024 * 1024,
    IMPORTS_LATEST = 10
};

/** What was posted, or is to be: in the request's arena. */
struct upload {
    struct request *req;
    struct slice text;   /* pasted */
    const char *problem; /* NULL: none */
    int status;
    bool clear_empty;
    struct import import;
    const char *list;   /* the query of the list that it came from, or "" */
    struct slice bytes; /* of the file */
    struct import latest[IMPORTS_LATEST];
    size_t latest_count;
};

/** Set the form of a page; a new key. */
struct context *upload_context(struct upload *upload);

/** The page of an upload that the server has refused, for the error hook; NULL:
 * it is another request, or another status. */
struct page *upload_refused(struct request *req, int status);

#endif
