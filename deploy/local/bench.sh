#!/bin/bash
# ./cafe bench: install what is missing, build the release preset, measure.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=deploy/local/packages.sh
. deploy/local/packages.sh

# The packages of the Express app, as its lock file names them.
install_express() {
    local app=tests/bench/express
    [ ! $app/node_modules/.package-lock.json -nt $app/package-lock.json ] ||
        return 0
    npm ci --prefix $app --no-audit --no-fund >var/log/npm-bench.log 2>&1 ||
        { cat var/log/npm-bench.log >&2; exit 1; }
}

case ${1:-} in
-h | --help) exec /usr/bin/python3 tests/bench/bench.py --help ;;
esac
mkdir -p var/log
install_for build bench
install_express
echo "Building" >&2
build release
exec /usr/bin/python3 tests/bench/bench.py "$@"
