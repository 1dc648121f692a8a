#!/bin/bash
# Once the tables are there: what each account may do; and, unless CAFE_SAMPLE
# is no, sample suppliers in a directory that has never had any.
set -euo pipefail
secret=/run/secrets/root.password
if ! [ -f $secret ] || ! [ -r $secret ]; then
    echo "grants: cannot read the secret root.password as user $(id -u)" >&2
    exit 1
fi
MYSQL_PWD=$(<$secret)
export MYSQL_PWD

sql() {
    mariadb --host=db --user=root --default-character-set=utf8mb4 \
        --batch --skip-column-names COFFEE "$@"
}

sql </cafe/grants.sql
if [ "$CAFE_SAMPLE" != no ] &&
    [ "$(sql -e 'SELECT COUNT(*) FROM supplier_changes')" = 0 ]; then
    sql </cafe/sample-suppliers.sql
fi
