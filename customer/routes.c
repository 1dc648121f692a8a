/* The pages of the customer daemon. */
#include "customer.h"

const struct route customer_routes[] = {
    { GET, "/", home_show, 0, 0 },
    { GET, "/suppliers", directory_list, 0, 0 },
    { GET, "/suppliers/{id}", supplier_show, 0, 0 },
    { 0 },
};
