#!/bin/bash
# ./cafe down: stop what ./cafe up has started here, and wait for it.
set -euo pipefail
cd "$(dirname "$0")/../.."

case $* in
"") ;;
-h | --help)
    echo "usage: ./cafe down"
    exit
    ;;
*)
    echo "usage: ./cafe down" >&2
    exit 2
    ;;
esac

for run in "$PWD/var/run" "/tmp/cafe-$(id -u)-$(cksum <<<"$PWD" | cut -d' ' -f1)"; do
    if [ -f "$run/up.pid" ]; then
        pid=$(cat "$run/up.pid")
        kill -TERM "$pid" 2>/dev/null || { rm -f "$run/up.pid"; continue; }
        tail --pid="$pid" -f /dev/null
        echo "Stopped. The data is kept in var/db." >&2
        exit 0
    fi
done
echo "It is not running." >&2
