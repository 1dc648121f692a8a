#!/bin/bash
# ./cafe up: a private MariaDB under var/, both daemons and HAProxy in front.
# Runs in the foreground until Ctrl-C; stops all that it started.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=deploy/local/packages.sh
. deploy/local/packages.sh

usage="usage: ./cafe up [--port N] [--proxies ADDRESSES] [--detach]"
port=8080
detach=
export CAFE_PROXIES=${CAFE_PROXIES:-}
while [ $# -gt 0 ]; do
    case "$1" in
    -h | --help)
        echo "$usage"
        exit
        ;;
    --port | --proxies)
        if [ $# = 1 ]; then
            echo "$1 needs a value; $usage" >&2
            exit 2
        fi
        set -- "$1=$2" "${@:3}"
        continue
        ;;
    --port=*) port=${1#--port=} ;;
    --proxies=*) CAFE_PROXIES=${1#--proxies=} ;;
    --detach) detach=yes ;;
    *)
        echo "$usage" >&2
        exit 2
        ;;
    esac
    shift
done
if ! [[ $port =~ ^[1-9][0-9]{0,4}$ ]] || ((port > 65535)); then
    echo "--port: '$port' is not a port from 1 to 65535" >&2
    exit 2
fi

# HAProxy wants spaces between addresses, the daemons commas.
CAFE_PROXIES=$(tr -s ', ' '  ' <<<"$CAFE_PROXIES" | xargs)
if [[ $CAFE_PROXIES == *[!0-9a-fA-F:./\ ]* ]]; then
    echo "--proxies: '$CAFE_PROXIES' must be addresses or address ranges" >&2
    exit 2
fi

taken() {
    (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# From this number on, but not the load balancer's, which starts last.
free_port() {
    local candidate=$1
    while [ "$candidate" = "$port" ] || taken "$candidate"; do
        candidate=$((candidate + 1))
    done
    echo "$candidate"
}

# Unix socket paths are short: a deep clone keeps its sockets in /tmp.
choose_run_folder() {
    run=$PWD/var/run
    if [ ${#run} -gt 80 ]; then
        run=/tmp/cafe-$(id -u)-$(cksum <<<"$PWD" | cut -d' ' -f1)
    fi
    mkdir -p "$run"
}

umask 077
mkdir -p var/log var/secrets var/tmp
choose_run_folder
if [ -f "$run/up.pid" ] && kill -0 "$(cat "$run/up.pid")" 2>/dev/null &&
    [ "$(cat "$run/up.pid")" != $$ ]; then
    echo "It is already running; stop it with ./cafe down" >&2
    exit 1
fi
if taken "$port"; then
    echo "Port $port is taken. Use another: ./cafe up --port $((port + 10))" >&2
    exit 1
fi

if [ -z "${CAFE_BUILT:-}" ]; then
    install_for build up
    echo "Building" >&2
    build release --target customer employee
fi
bin=$PWD/build/release/bin

if [ -n "$detach" ]; then
    rm -f "$run/address"
    CAFE_BUILT=yes setsid "$0" --port "$port" >var/log/up.log 2>&1 </dev/null &
    supervisor=$!
    while [ ! -f "$run/address" ]; do
        if ! kill -0 $supervisor 2>/dev/null; then
            cat var/log/up.log >&2
            exit 1
        fi
        read -r -t 0.1 <> <(:) || :
    done
    cat "$run/address"
    exit 0
fi
echo $$ >"$run/up.pid"

pids=()

# Start a program in the background, its output into var/log/NAME.log.
start() {
    local name=$1
    shift
    setsid "$@" >>"var/log/$name.log" 2>&1 </dev/null &
    pids+=("$!")
    names[$!]=$name
}

declare -A names

# The load balancer first, the database last. Called by the traps.
# shellcheck disable=SC2317
stop_all() {
    trap '' INT TERM
    local i
    for ((i = ${#pids[@]} - 1; i >= 0; i--)); do
        kill -TERM "${pids[i]}" 2>/dev/null || :
        wait "${pids[i]}" 2>/dev/null || :
    done
    rm -f "$run/up.pid" "$run/address"
}
trap stop_all EXIT
trap 'exit 0' INT TERM

# Run a command until it succeeds, as long as the last program lives.
wait_for() {
    local what=$1 tries=600
    shift
    until "$@" >/dev/null 2>&1; do
        if ! kill -0 "${pids[-1]}" 2>/dev/null || ((--tries == 0)); then
            echo "$what did not start; see var/log/$what.log:" >&2
            tail -n 20 "var/log/$what.log" >&2
            exit 1
        fi
        read -r -t 0.1 <> <(:) || :
    done
}

secret() {
    local file=var/secrets/$1.password
    [ -f "$file" ] ||
        head -c 18 /dev/urandom | base64 | tr -d '\n' >"$file"
    cat "$file"
}

sql() {
    mariadb --no-defaults --socket "$run/db.sock" --user "$(id -un)" "$@"
}

start_database() {
    if [ ! -d var/db/mysql ]; then
        mariadb-install-db --no-defaults --datadir="$PWD/var/db" \
            --auth-root-authentication-method=socket \
            --auth-root-socket-user="$(id -un)" --skip-test-db \
            --user="$(id -un)" >var/log/database.log 2>&1 ||
            { cat var/log/database.log >&2; exit 1; }
    fi
    db_port=$(free_port 23306) # below the ports that clients are given
    start database mariadbd --no-defaults --user="$(id -un)" \
        --datadir="$PWD/var/db" --socket="$run/db.sock" \
        --tmpdir="$PWD/var/tmp" \
        --bind-address=127.0.0.1 --port="$db_port" \
        --pid-file="$run/db.pid" --character-set-server=utf8mb4
    wait_for database sql -e 'SELECT 1'
}

prepare_database() {
    {
        for account in customer employee migrate; do
            echo "SET @$account = '$(secret "$account")';"
        done
        cat deploy/local/accounts.sql
    } | sql
    APP_DB_SOCKET=$run/db.sock APP_DB_USER=migrate \
        APP_DB_PASSWORD_FILE=$PWD/var/secrets/migrate.password \
        "$bin/employee" --migrate >>var/log/migrate.log
    sql COFFEE <deploy/local/grants.sql
    if [ ! -f var/sample-loaded ]; then
        sql --default-character-set=utf8mb4 COFFEE \
            <deploy/local/sample-suppliers.sql
        touch var/sample-loaded
    fi
}

# A daemon on a free port, which is left in daemon_port.
start_daemon() {
    daemon_port=$(free_port "$2")
    start "$1" env APP_PORT="$daemon_port" APP_BIND=127.0.0.1 APP_OPS_PORT=0 \
        APP_DB_SOCKET="$run/db.sock" APP_DB_USER="$1" APP_DRAIN_DELAY_MS=0 \
        APP_TRUSTED_PROXIES="loopback,${CAFE_PROXIES// /,}" \
        APP_DB_PASSWORD_FILE="$PWD/var/secrets/$1.password" "$bin/$1"
    wait_for "$1" "$bin/customer" --healthcheck --ops-port 0 \
        --bind 127.0.0.1 --port "$daemon_port"
}

start_database
prepare_database
start_daemon customer 18080
customer_port=$daemon_port
start_daemon employee 18180
employee_port=$daemon_port
export CAFE_PORT=$port CAFE_CUSTOMER_PORT=$customer_port \
    CAFE_EMPLOYEE_PORT=$employee_port CAFE_PAGES=$PWD/deploy/pages
start haproxy haproxy -db -f deploy/local/haproxy.cfg
wait_for haproxy "$bin/customer" --healthcheck --ops-port 0 \
    --bind 127.0.0.1 --port "$port"
echo "http://127.0.0.1:$port" >"$run/address.new"
mv "$run/address.new" "$run/address"
cat "$run/address"

# Follow the logs until one of the programs ends or we are told to stop. That
# may be before tail is there: the last one is the load balancer then, which is
# the first to end anyway.
trap '{ kill $! && wait $!; } 2>/dev/null || :; stop_all' EXIT
tail -q -n 0 -F var/log/{customer,employee,haproxy}.log 2>/dev/null &
wait -n -p ended "${pids[@]}" || :
echo "${names[$ended]} has exited; stopping. See var/log/${names[$ended]}.log" >&2
exit 1
