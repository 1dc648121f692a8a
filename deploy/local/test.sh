#!/bin/bash
# ./cafe test: install what is missing, build the dev preset, run the suites.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=deploy/local/packages.sh
. deploy/local/packages.sh

mkdir -p var/log
# shellcheck disable=SC2086
install_missing $build_packages $run_packages $test_packages
# Docker's package starts an engine where there is systemd: there it is up to
# whoever owns the machine, and the tests with containers say what is missing.
if [ -n "${CI:-}" ] || { [ "$(id -u)" = 0 ] && [ ! -d /run/systemd/system ]; }; then
    # shellcheck disable=SC2086
    install_missing $deploy_packages
fi
install_node
echo "Building" >&2
build dev
exec /usr/bin/python3 tests/run.py "$@"
