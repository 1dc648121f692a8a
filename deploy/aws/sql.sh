#!/bin/bash
# Runs $SQL (base64) as the database's administrator, in a container of the
# migration. The password of each account in $ACCOUNTS, from a variable like
# CUSTOMER_PASSWORD, is there in SQL as @customer.
set -euo pipefail

passwords() {
    local account
    for account in ${ACCOUNTS:-}; do
        local variable=${account^^}_PASSWORD
        printf "SET @%s = '%s';\n" "$account" \
            "$(sed "s/\\\\/\\\\\\\\/g; s/'/''/g" <<<"${!variable}")"
    done
}

{
    passwords
    base64 --decode <<<"$SQL"
} | MYSQL_PWD=$ADMIN_PASSWORD mariadb --no-defaults --ssl --host="$DB_HOST" \
    --port="$DB_PORT" --user=admin --default-character-set=utf8mb4
