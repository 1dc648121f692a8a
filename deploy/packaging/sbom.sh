#!/bin/sh
# Print the bill of materials of a program as SPDX 2.3 (JSON): which packages of
# Debian the files come from that it is linked with, or that were copied. It
# needs the machine that built them, since dpkg knows their versions.
#   sbom.sh NAME VERSION <LIST
# LIST has a line for each file:
#   linked FILE    a program or library; what it needs is linked, too
#   copied FILE    a file of Debian that is shipped as it is
#   given FILE PATH    a file from elsewhere, shipped in PATH; its checksum is
#                  its version
# SOURCE_DATE_EPOCH is the time in it; without that it is the beginning of time.
set -eu
LC_ALL=C
export LC_ALL
name=$1
version=$2
here=$(dirname "$0")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Each file with the way it is used. No pipe takes a status here, so that a
# command that fails ends the script.
: >"$work/given"
while read -r how file path; do
    case $how in
    given)
        sum=$(sha256sum "$file")
        printf '%s\t%s\t%s\n' "${file##*/}" "${sum%% *}" "$path" \
            >>"$work/given"
        ;;
    copied) echo "CONTAINS $file" ;;
    linked)
        ldd "$file" >"$work/ldd"
        sed -n 's,^\t\(.* => \)\?\(/[^ ]*\) (.*,DEPENDS_ON \2,p' "$work/ldd"
        ;;
    esac
done >"$work/list"
sort -u "$work/list" >"$work/files"

# The names by which dpkg may know a file. The linker names files by /lib, which
# is a link to /usr/lib; releases of Debian differ in what they list.
while read -r how file; do
    real=$(realpath "$file")
    for known in "$file" "$real" "${real#/usr}" "/usr$file"; do
        echo "$how $file $known"
    done
done <"$work/files" >"$work/names"
# One question for all. Its status only says that some names are unknown.
cut -d ' ' -f 3 "$work/names" | sort -u |
    xargs dpkg-query --search >"$work/found" 2>"$work/unknown" || :
# What a package makes when it is installed is in no list.
echo "ca-certificates: /etc/ssl/certs/ca-certificates.crt" >>"$work/found"

# A line for each way and package: "way package file…".
awk '
    /^diversion / { next }
    NR == FNR { path = $0; sub(/^.*: /, "", path)
                owner = $1; sub(/[:,].*/, "", owner)
                owners[path] = owner; next }
    !($3 in owners) || ($1 " " $2 in seen) { missing[$1 " " $2] = $2; next }
    { seen[$1 " " $2]
      key = $1 " " owners[$3]; files[key] = files[key] " " $2 }
    END {
        for (one in missing)
            if (!(one in seen)) {
                print "sbom.sh: no package of Debian has " missing[one] \
                    > "/dev/stderr"
                exit 1
            }
        for (key in files)
            print key files[key]
    }' "$work/found" "$work/names" >"$work/owned"
sort "$work/owned" >"$work/uses"

# What dpkg knows of each: fields are separated by tabs.
# shellcheck disable=SC2016 # dpkg-query replaces them
cut -d ' ' -f 2 "$work/uses" | sort -u | xargs --no-run-if-empty \
    dpkg-query --show --showformat='${Package}\t${Version}\t${Architecture}\t${source:Package}\t${source:Version}\t${Homepage}\n' \
    >"$work/packages"

date=$(date --utc --date="@${SOURCE_DATE_EPOCH:-0}" +%Y-%m-%dT%H:%M:%SZ)
# shellcheck source=/dev/null
distribution=$(. /etc/os-release && echo "$ID-${VERSION_ID:-unknown}")
hash=$(cat "$work/uses" "$work/packages" "$work/given" | sha256sum | cut -c 1-32)
awk -v name="$name" -v version="$version" -v date="$date" \
    -v distribution="$distribution" -v hash="$hash" \
    -v folder="${CAFE_COPYRIGHTS:-/usr/share/doc}" \
    -f "$here/sbom.awk" "$work/packages" "$work/uses" "$work/given"
