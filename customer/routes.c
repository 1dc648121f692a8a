/* The pages of the customer daemon. */
#include "customer.h"

const struct route customer_routes[] = {
    { GET, "/", home_show, 0, 0 },
    { GET, "/suppliers", directory_list, 0, 0 },
    { GET, API_DESCRIPTION, api_description, 0, 0 },
    { GET, API_ROOT "/v1/changes", api_changes, 0, 0 },
    { GET, API_SUPPLIERS, api_list, 0, 0 },
    { GET, API_SUPPLIERS "/{id}", api_supplier, 0, 0 },
    { GET, "/suppliers.csv", list_table, 0, 0 },
    { GET, "/suppliers.json", list_objects, 0, 0 },
    { GET, "/suppliers.vcf", list_contacts, 0, 0 },
    { GET, "/suppliers/{id}.json", supplier_object, 0, 0 },
    { GET, "/suppliers/print", list_print, 0, 0 },
    { GET, "/suppliers/{id}.vcf", supplier_card, 0, 0 },
    { GET, "/suppliers/{id}.svg", supplier_code, 0, 0 },
    { GET, "/suppliers/{id}", supplier_show, 0, 0 },
    { 0 },
};
