#!/bin/bash
# Make the database on an empty volume, then run the server (the arguments).
# MARIADB_ROOT_PASSWORD, MARIADB_DATABASE, MARIADB_USER and MARIADB_PASSWORD
# count as in the official image, each also as a file, NAME_FILE; so do
# *.sql and *.sh in /docker-entrypoint-initdb.d.
set -euo pipefail
data=/var/lib/mysql

fail() {
    echo "database: $*" >&2
    exit 1
}

for name in MARIADB_{ROOT_PASSWORD,DATABASE,USER,PASSWORD}; do
    file=${name}_FILE
    [ -z "${!file:-}" ] || [ -f "${!file}" -a -r "${!file}" ] ||
        fail "$file: cannot read ${!file} as user $(id -u)"
    [ -z "${!file:-}" ] || export "$name=$(<"${!file}")"
done
[ -w $data ] || fail "$data cannot be written to by user $(id -u)"

if [ ! -d $data/mysql ]; then
    [ -n "${MARIADB_ROOT_PASSWORD:-}" ] ||
        fail "MARIADB_ROOT_PASSWORD or MARIADB_ROOT_PASSWORD_FILE is missing"
    mariadb-install-db --datadir=$data --skip-test-db \
        --auth-root-authentication-method=normal >/dev/null
    "$@" --skip-networking &
    server=$!
    until mariadb -u root -e 'DO 0' 2>/dev/null; do
        kill -0 $server 2>/dev/null || fail "the server did not start, see above"
        read -rt 0.1 <> <(:) || :
    done
    {
        for host in localhost 127.0.0.1; do
            echo "CREATE USER healthcheck@'$host';"
        done
        for host in localhost %; do
            echo "CREATE OR REPLACE USER root@'$host' IDENTIFIED BY" \
                "'${MARIADB_ROOT_PASSWORD//\'/\'\'}';"
            echo "GRANT ALL ON *.* TO root@'$host' WITH GRANT OPTION;"
        done
        [ -z "${MARIADB_DATABASE:-}" ] ||
            echo "CREATE DATABASE IF NOT EXISTS \`$MARIADB_DATABASE\`;"
        [ -z "${MARIADB_USER:-}" ] ||
            echo "CREATE USER '$MARIADB_USER'@'%' IDENTIFIED BY" \
                "'${MARIADB_PASSWORD//\'/\'\'}';" \
                "GRANT ALL ON \`$MARIADB_DATABASE\`.* TO '$MARIADB_USER'@'%';"
    } | mariadb -u root
    export MYSQL_PWD=$MARIADB_ROOT_PASSWORD
    for file in /docker-entrypoint-initdb.d/*; do
        case $file in
        *.sh) . "$file" ;;
        *.sql) mariadb -u root "${MARIADB_DATABASE:-mysql}" <"$file" ;;
        esac
    done
    kill $server
    wait $server
fi
unset MYSQL_PWD "${!MARIADB_@}"
exec "$@"
