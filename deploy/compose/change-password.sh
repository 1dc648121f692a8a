#!/bin/bash
# Give an account of docker-compose.yml's database a new password, while the
# daemons serve:
#   deploy/compose/change-password.sh customer
#   deploy/compose/change-password.sh employee
# Until the last step both passwords are valid. A daemon reads the file at each
# new connection, so none is restarted.
set -euo pipefail
cd "$(dirname "$0")/../.."
account=${1:-}
case $account in
customer | employee) ;;
*)
    echo "usage: deploy/compose/change-password.sh customer|employee" >&2
    exit 2
    ;;
esac
folder=${CAFE_SECRETS:-$(sed -n 's/^CAFE_SECRETS=//p' .env 2>/dev/null || :)}
file=${folder:-deploy/compose/secrets}/$account.password
compose=${CAFE_COMPOSE:-docker compose}

# SQL on standard input, as the database's administrator.
sql() {
    # shellcheck disable=SC2016,SC2086 # for the shell in the container; words
    $compose exec -T db bash -c \
        'MYSQL_PWD=$(</run/secrets/root.password) exec mariadb --user=root'
}

# As in a string of SQL.
quoted() {
    printf "'%s'" "$(printf %s "$1" | sed "s/\\\\/\\\\\\\\/g; s/'/''/g")"
}

old=$(<"$file")
new=$(head -c 24 /dev/urandom | base64)
sql <<SQL
ALTER USER $account@'%' IDENTIFIED
  VIA mysql_native_password USING PASSWORD($(quoted "$old"))
  OR mysql_native_password USING PASSWORD('$new');
SQL
# The containers have this very file: another one in its place would not be
# theirs. Whoever may not write to it has to be told so before it is empty.
chmod u+w "$file"
[ -w "$file" ]
printf %s "$new" >"$file"
chmod a-w "$file"
sql <<SQL
ALTER USER $account@'%' IDENTIFIED BY '$new';
SQL
echo "The account $account has a new password, in $file."
