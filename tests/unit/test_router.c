/* The router: rows, parameters, trailing slashes, what a path allows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cafe/http/router.h"

static void handle(struct request *req)
{
    (void)req;
}

static const struct route first[] = {
    { .methods = GET, .path = "/", .handler = handle },
    { .methods = GET, .path = "/suppliers", .handler = handle },
    { .methods = GET, .path = "/suppliers/{id}", .handler = handle },
    { .methods = POST, .path = "/suppliers/{id}", .handler = handle },
    { .methods = 0 },
};

static const struct route second[] = {
    { GET, "/static/{path...}", handle, 0, ROUTE_OPEN },
    { .methods = GET, .path = "/a/{x}/b/{y}", .handler = handle },
    { .methods = GET, .path = "/cards/{id}.vcf", .handler = handle },
    { .methods = GET, .path = "/cards/{id}", .handler = handle },
    { .methods = 0 },
};

static struct route_match match(enum method method, const char *path)
{
    const struct route *const tables[] = { first, second };
    struct route_match result;

    router_match(tables, 2, method, slice_of(path), &result);
    return result;
}

static void rows_are_found(void **state)
{
    static const struct {
        enum method method;
        const char *path;
        const struct route *route;
    } rows[] = {
        { GET, "/", &first[0] },
        { HEAD, "/", &first[0] },
        { GET, "/suppliers", &first[1] },
        { GET, "/suppliers/", &first[1] },
        { GET, "/suppliers/7", &first[2] },
        { POST, "/suppliers/7/", &first[3] },
        { GET, "/static/h/a.css", &second[0] },
        { GET, "/a/1/b/2", &second[1] },
        { GET, "/cards/7.vcf", &second[2] },
        { HEAD, "/cards/7.vcf/", &second[2] },
        { GET, "/cards/.vcf.vcf", &second[2] },
        { GET, "/cards/.vcf", &second[3] },
        { GET, "/cards/vcf", &second[3] },
        { GET, "/cards/7.vcfx", &second[3] },
        { GET, "/cards/7.vcf/8", NULL },
        { GET, "/static", NULL },
        { GET, "/suppliers//", NULL },
        { GET, "//suppliers", NULL },
        { GET, "/suppliers/7/8", NULL },
        { GET, "/Suppliers", NULL },
        { GET, "/supplier", NULL },
        { GET, "/%73uppliers", NULL },
        { DELETE, "/suppliers/7", NULL },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (match(rows[i].method, rows[i].path).route != rows[i].route)
            fail_msg("%s %s", method_name(rows[i].method), rows[i].path);
    }
}

static void parameters_are_named(void **state)
{
    struct route_match two = match(GET, "/a/1/b/x%2Fy");
    struct route_match card = match(GET, "/cards/7.vcf");
    struct route_match rest = match(GET, "/static/h/a/b.css");

    (void)state;
    assert_int_equal(two.param_count, 2);
    assert_true(slice_is(two.params[0].name, "x"));
    assert_true(slice_is(two.params[0].value, "1"));
    assert_true(slice_is(two.params[1].value, "x%2Fy"));
    assert_int_equal(card.param_count, 1);
    assert_true(slice_is(card.params[0].name, "id"));
    assert_true(slice_is(card.params[0].value, "7"));
    assert_true(slice_is(rest.params[0].name, "path"));
    assert_true(slice_is(rest.params[0].value, "h/a/b.css"));
}

static void a_path_knows_its_methods(void **state)
{
    static const struct {
        const char *path, *allow;
    } rows[] = {
        { "/suppliers/7", "GET, HEAD, POST, OPTIONS" },
        { "/suppliers/7/", "GET, HEAD, POST, OPTIONS" },
        { "/suppliers", "GET, HEAD, OPTIONS" },
        { "/", "GET, HEAD, OPTIONS" },
        { "*", "GET, HEAD, POST, OPTIONS" },
        { "/nowhere", "" },
    };
    struct text allow;

    (void)state;
    text_init(&allow, 0);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct route_match found = match(OPTIONS, rows[i].path);

        assert_null(found.route);
        text_reset(&allow);
        router_allow(found.allowed, &allow);
        assert_string_equal(text_string(&allow), rows[i].allow);
        assert_int_equal(found.allowed, match(PUT, rows[i].path).allowed);
    }
    text_free(&allow);
}

static void faulty_paths_are_named(void **state)
{
    static const struct route tables[][3] = {
        { { .methods = GET, .path = "/{a}/{b}/{c}/{d}" },
          { .methods = GET, .path = "/{a}/{b}/{c}/{d}/x/{e}.vcf" },
          { .methods = 0 } },
        { { .methods = GET, .path = "/a" },
          { .methods = GET, .path = "/cards/{id" },
          { .methods = 0 } },
    };
    struct text error;

    (void)state;
    text_init(&error, 0);
    assert_int_equal(router_check(first, &error), OK);
    assert_int_equal(router_check(second, &error), OK);
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        text_reset(&error);
        assert_int_equal(router_check(tables[i], &error), ERROR_CONFIG);
        assert_non_null(strstr(text_string(&error), tables[i][1].path));
    }
    text_free(&error);
}

static void a_path_knows_its_flags(void **state)
{
    (void)state;
    assert_int_equal(match(GET, "/static/a").flags, ROUTE_OPEN);
    assert_int_equal(match(OPTIONS, "/static/a").flags, ROUTE_OPEN);
    assert_int_equal(match(OPTIONS, "/suppliers").flags, 0);
    assert_int_equal(match(OPTIONS, "*").flags, 0);
    assert_int_equal(match(GET, "/nowhere").flags, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_found),
        cmocka_unit_test(parameters_are_named),
        cmocka_unit_test(a_path_knows_its_methods),
        cmocka_unit_test(faulty_paths_are_named),
        cmocka_unit_test(a_path_knows_its_flags),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
