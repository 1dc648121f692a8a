#!/bin/bash
# Backups of the database, for the profile backup of docker-compose.yml:
#   backup.sh                every CAFE_BACKUP_EVERY, and keep CAFE_BACKUP_KEEP
#   backup.sh once           one now
#   backup.sh list           what there is, the newest first
#   backup.sh check          whether the newest one is recent
#   backup.sh restore FILE   replace the database by a backup; - is standard input
# A backup has the name of its time, and is complete or not there.
set -euo pipefail
shopt -s nullglob
umask 077
folder=${CAFE_BACKUP_FOLDER:-/var/lib/mysql}
secret=${CAFE_BACKUP_SECRET:-/run/secrets/migrate.password}
keep=${CAFE_BACKUP_KEEP:-14}
retry_s=60

fail() {
    echo "backup: $*" >&2
    exit 1
}

# "30m", "6h", "2d" in seconds.
seconds() {
    [[ $1 =~ ^([1-9][0-9]{0,5})([smhd])$ ]] ||
        fail "CAFE_BACKUP_EVERY=$1 is not a time: write 30m, 6h or 2d"
    local -A unit=([s]=1 [m]=60 [h]=3600 [d]=86400)
    echo $((BASH_REMATCH[1] * unit[${BASH_REMATCH[2]}]))
}

login() {
    if ! [ -f "$secret" ] || ! [ -r "$secret" ]; then
        fail "cannot read the secret ${secret##*/} as user $(id -u)"
    fi
    MYSQL_PWD=$(<"$secret")
    export MYSQL_PWD
}

# One backup or restoration at a time.
lock() {
    exec 9>"$folder/.lock"
    flock --timeout 600 9 || fail "another one has been at work for 10 minutes"
}

# The newest first.
list() {
    local files=("$folder"/suppliers-*.sql.gz)
    for ((i = ${#files[@]} - 1; i >= 0; i--)); do
        echo "${files[i]##*/}"
    done
}

# A pipe into head would end the list, and so the script, by SIGPIPE at times.
newest() {
    local file=
    for file in "$folder"/suppliers-*.sql.gz; do :; done
    echo "${file##*/}"
}

is_whole() {
    gzip --test "$1" &&
        [[ $(gzip -dc "$1" | tail -n 1) == "-- Dump completed"* ]]
}

# One backup. It gets its name once it is complete and on disk, and older ones
# go only then.
once() {
    local new=$folder/.new name
    lock
    mariadb-dump --host="${CAFE_BACKUP_HOST:-db}" --user=migrate \
        --single-transaction --routines --add-drop-database \
        --databases COFFEE | gzip >"$new"
    is_whole "$new" || fail "the dump is incomplete"
    sync "$new"
    name=suppliers-$(date --utc +%Y-%m-%dT%H-%M-%S.%3NZ).sql.gz
    mv "$new" "$folder/$name"
    echo "backup: $name, $(stat --format=%s "$folder/$name") bytes"
    list | tail -n +$((keep + 1)) | while read -r old; do
        rm "$folder/$old"
        echo "backup: removed $old"
    done
}

# Seconds until the next one is due. A container that restarts again and again
# must not make backups until all older ones are gone.
due_in() {
    local newest age
    newest=$(newest)
    [ -n "$newest" ] || { echo 0; return; }
    age=$(($(date +%s) - $(stat --format=%Y "$folder/$newest")))
    echo $((age < 0 || age > every_s ? 0 : every_s - age))
}

# A signal ends it at once. Bash would forget a SIGINT that comes during a command
# in the foreground.
interruptible() {
    "$@" &
    wait $!
}

run() {
    local wait_s
    trap 'kill $(jobs -p) 2>/dev/null || :; exit 0' TERM INT
    while true; do
        wait_s=$(due_in)
        echo "backup: the next one is due in $wait_s seconds"
        interruptible sleep "$wait_s"
        if ! interruptible bash "${BASH_SOURCE[0]}" once; then
            echo "backup: failed; the next attempt is in $retry_s seconds" >&2
            interruptible sleep $retry_s
        fi
    done
}

check() {
    local newest
    newest=$(newest)
    [ -n "$newest" ] || fail "there is none yet"
    [ $(($(date +%s) - $(stat --format=%Y "$folder/$newest"))) -le \
        $((2 * every_s)) ] || fail "the newest one is $newest"
}

# A damaged or foreign file is refused before anything is changed.
restore() {
    local file=$folder/${1##*/}
    lock
    if [ "$1" = - ]; then
        file=$folder/.restore
        trap 'rm -f "$folder/.restore"' EXIT
        cat >"$file"
    fi
    [ -f "$file" ] || fail "there is no backup ${1##*/}; see: list"
    is_whole "$file" || fail "${1##*/} is damaged or no backup"
    gzip -dc "$file" |
        mariadb --host="${CAFE_BACKUP_HOST:-db}" --user=migrate \
            --default-character-set=utf8mb4
    echo "backup: restored ${1##*/}"
}

[[ $keep =~ ^[1-9][0-9]{0,3}$ ]] ||
    fail "CAFE_BACKUP_KEEP=$keep is not a number from 1 to 9999"
every_s=$(seconds "${CAFE_BACKUP_EVERY:-1d}")
[ -w "$folder" ] || fail "$folder cannot be written to by user $(id -u)"
case ${1:-} in
"") run ;;
once)
    login
    once
    ;;
list | check) "$1" ;;
restore)
    login
    restore "${2:?restore: name a FILE}"
    ;;
*) fail "unknown command $1: once, list, check or restore FILE" ;;
esac
