#!/bin/bash
# ./cafe test: install and build (preset dev) what its suites need, run them.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=deploy/local/packages.sh
. deploy/local/packages.sh

python=/usr/bin/python3
[ -x $python ] || install_for lint
suites=$($python tests/run.py "$@" --show-suites) || {
    case ${1:-} in
    -h | --help)
        echo "$suites"
        exit
        ;;
    esac
    echo "$suites" >&2
    exit 2
}
# Docker's package starts an engine where there is systemd. There the owner of
# the machine decides, and the tests with containers say what is missing.
if [ -z "${CI:-}" ] && { [ "$(id -u)" != 0 ] || [ -d /run/systemd/system ]; }; then
    packages_of_suites=${suites//deploy/}
else
    packages_of_suites=$suites
fi
mkdir -p var/log
# The suite threads is integration in another build.
# shellcheck disable=SC2086
install_for build ${packages_of_suites//threads/integration}
targets=()
[ "$suites" != unit ] || targets=(--target tests/unit/all)
echo "Building" >&2
build dev ${targets[@]+"${targets[@]}"}
exec $python tests/run.py "$@"
