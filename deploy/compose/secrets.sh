#!/bin/bash
# Make passwords of your own for docker-compose.yml, where there are none yet:
#   deploy/compose/secrets.sh FOLDER; CAFE_SECRETS=FOLDER docker compose up
# Other users of this machine can't enter the folder; in it every file can be
# read, for in the containers it is users of other numbers who do.
set -euo pipefail
folder=${1:?usage: deploy/compose/secrets.sh FOLDER}
mkdir -p "$folder"
chmod 700 "$folder"
for account in root migrate customer employee; do
    file=$folder/$account.password
    [ -e "$file" ] || head -c 24 /dev/urandom | base64 | tr -d '\n' >"$file"
    chmod 444 "$file"
done
