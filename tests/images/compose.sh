#!/bin/bash
# Fetch Docker Compose, version 2, from Debian 13's packages, for machines that
# have version 1 only. It is one static program; nothing is installed.
#   compose.sh FOLDER      leaves FOLDER/docker-compose
set -euo pipefail
folder=$(realpath -m "$1")

[ ! -x "$folder/docker-compose" ] || exit 0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work"/{state/lists,cache/archives}/partial "$work/root" "$folder"
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]" \
    "http://deb.debian.org/debian trixie main" >"$work/sources.list"
cat >"$work/apt.conf" <<END
Dir::State "$work/state";
Dir::Cache "$work/cache";
Dir::Etc::sourcelist "$work/sources.list";
Dir::Etc::sourceparts "-";
APT::Sandbox::User "root";
END
export APT_CONFIG=$work/apt.conf
cd "$work"
{
    apt-get -qq update
    apt-get -qq download docker-compose
    dpkg --extract docker-compose_*.deb root
} >&2
mv root/usr/libexec/docker/cli-plugins/docker-compose "$folder/"
