# shellcheck shell=bash
# Makes the database and its accounts on an empty volume. Read by the entry
# point of the MariaDB image, which has set MARIADB_ROOT_PASSWORD.
for account in customer employee migrate; do
    if ! [ -f /run/secrets/$account.password ] ||
        ! [ -r /run/secrets/$account.password ]; then
        echo "accounts: cannot read the secret $account.password as user" \
            "$(id -u)" >&2
        exit 1
    fi
done
{
    for account in customer employee migrate; do
        printf "SET @%s = '%s';\n" $account \
            "$(sed "s/\\\\/\\\\\\\\/g; s/'/''/g" /run/secrets/$account.password)"
    done
    cat /cafe/accounts.sql
} | MYSQL_PWD=$MARIADB_ROOT_PASSWORD mariadb --user=root
