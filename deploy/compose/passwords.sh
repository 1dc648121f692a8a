#!/bin/bash
# Whether the accounts in the database have the passwords of the secrets: a
# volume keeps those that it was made with. One line for each that differs.
set -euo pipefail
wrong=0
for account in root migrate customer employee; do
    secret=/run/secrets/$account.password
    if ! [ -f $secret ] || ! [ -r $secret ]; then
        echo "passwords: cannot read the secret $account.password as user" \
            "$(id -u)" >&2
        exit 1
    fi
    said=$(MYSQL_PWD=$(<$secret) mariadb --host=db --user=$account -e 'DO 0' \
        2>&1) && continue
    wrong=1
    case $said in
    *1045*)
        echo "passwords: the password of $account in the volume differs from" \
            "$account.password: the volume was created with an older one." \
            "Restore the old password in the file, or change the account" \
            "with ALTER USER. docker compose down --volumes starts over and" \
            "deletes the data." >&2
        ;;
    *) echo "passwords: $account: $said" >&2 ;;
    esac
done
exit $wrong
