/* Parameters of a query: known, given once, and readable. */
#include "cafe/api/parameters.h"

#include "cafe/api/problem.h"

static const char repeated[] = "Give each parameter only once.";

static bool is_given_twice(const struct form *query, size_t number)
{
    for (size_t i = 0; i < number; i++) {
        if (slice_equal(query->fields[i].name, query->fields[number].name))
            return true;
    }
    return false;
}

/* NULL: it is fine; else what to do about it. */
static const char *parameter_read(const struct parameter *row,
                                  const struct form *query, size_t number,
                                  void *into)
{
    const struct form_field *field = &query->fields[number];

    while (row->name != NULL && !slice_is(field->name, row->name))
        row++;
    if (row->name == NULL)
        return row->detail;
    if (is_given_twice(query, number))
        return repeated;
    return row->read(into, field->value) ? NULL : row->detail;
}

bool parameters_read(struct request *req, const struct parameter *rows,
                     void *into)
{
    const struct form *query;
    const char *detail;

    if (request_query(req, &query) != OK) {
        respond_error(req, 400);
        return false;
    }
    for (size_t i = 0; i < query->count; i++) {
        if ((detail = parameter_read(rows, query, i, into)) != NULL) {
            respond_bad_parameter(req, query->fields[i].name, detail);
            return false;
        }
    }
    return true;
}

bool parameters_none(struct request *req)
{
    static const struct parameter none[] = {
        { NULL, NULL, "This path takes no parameters. Omit it." },
    };

    return parameters_read(req, none, NULL);
}
