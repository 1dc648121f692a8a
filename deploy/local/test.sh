#!/bin/bash
# ./cafe test: install what is missing, build the dev preset, run the suites.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=deploy/local/packages.sh
. deploy/local/packages.sh

mkdir -p var/log
# shellcheck disable=SC2086
install_missing $build_packages $run_packages $test_packages
install_node
echo "Building" >&2
build dev
exec /usr/bin/python3 tests/run.py "$@"
