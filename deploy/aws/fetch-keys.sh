#!/bin/sh
# Fetches the public keys with which an AWS load balancer signs, for a daemon
# that fetches nothing itself: see "Tokens of load balancers" in ARCHITECTURE.md.
#
#   fetch-keys.sh FOLDER URL
#
# The daemon writes names of keys into the named pipe FOLDER/wanted
# (APP_IDENTITY_WANTED), a line each. URL/NAME becomes FOLDER/keys/NAME
# (APP_IDENTITY_KEYS). Needs curl and nothing else that a small image lacks.
set -eu
folder=$1
url=$2
keys=$folder/keys
most=32     # keys; the oldest one makes room
size_kb=16  # of a key, as the daemon reads it
seconds=4   # for one; the daemon waits for five

is_name() {
    case $1 in
    *[!0-9a-f-]*) return 1 ;;
    esac
    [ ${#1} = 36 ]
}

# Names of keys have no spaces: is_name().
make_room() {
    # shellcheck disable=SC2012
    ls -t "$keys" | tail -n "+$most" | while read -r old; do
        rm -f "$keys/$old"
    done
}

# Whether the file looks like a public key. A daemon does not start with one
# that is none.
is_key() {
    [ -e "$1" ] || return 1
    case $(cat "$1") in
    "-----BEGIN PUBLIC KEY-----"*"-----END PUBLIC KEY-----"*) return 0 ;;
    *) return 1 ;;
    esac
}

# Hidden until it is whole: the daemon does not look at hidden files.
fetch() {
    rm -f "$keys/.new"
    if ! (
        ulimit -f $((size_kb * 2)) # in blocks of 512 bytes
        exec curl --fail --silent --show-error --max-time "$seconds" \
            --proto "=${url%%:*}" --output "$keys/.new" "$url/$1"
    ); then
        echo "could not fetch the key $1" >&2
    elif ! is_key "$keys/.new"; then
        echo "could not fetch the key $1: the answer is not a public key" >&2
    else
        make_room
        chmod 644 "$keys/.new"
        mv "$keys/.new" "$keys/$1"
        echo "fetched the key $1"
    fi
}

mkdir -p "$keys"
chmod 755 "$keys"
for old in "$keys"/*; do
    is_key "$old" || rm -f "$old"
done
if [ ! -p "$folder/wanted" ]; then
    mkfifo "$folder/.wanted"
    chmod 666 "$folder/.wanted" # the daemon is another user
    mv "$folder/.wanted" "$folder/wanted"
fi
# For writing, too: so the pipe has no end when the daemon closes it.
exec 3<>"$folder/wanted"
while read -r name <&3; do
    if ! is_name "$name"; then
        echo "what is wanted is not the name of a key" >&2
    elif ! is_key "$keys/$name"; then
        fetch "$name"
    fi
done
