#!/bin/sh
# Print what CHANGELOG.md says of a version, without its heading:
#   release-notes.sh             the newest one, released or not
#   release-notes.sh 0.1.0       also v0.1.0
#   release-notes.sh --debian    the newest one, for the packages
set -eu
changelog=${CAFE_CHANGELOG:-$(dirname "$0")/../../CHANGELOG.md}

# Only the section of a version; the first one without a version.
section() {
    awk -v wanted="$1" '
        /^## / { inside = !found && (wanted == "" || $2 == wanted)
                 found = found || inside
                 next }
        inside { print }
        ' "$changelog" | sed '/./,$!d' # from its first line that has text
}

case ${1:-} in
--debian) version= ;;
-*)
    echo "usage: release-notes.sh [VERSION | --debian]" >&2
    exit 2
    ;;
*) version=${1:-} version=${version#v} ;;
esac
notes=$(section "$version")
if [ -z "$notes" ]; then
    echo "CHANGELOG.md says nothing of version $version; it has:" \
        "$(sed -n 's/^## \([^ ]*\).*/\1/p' "$changelog" | paste -sd ' ')" >&2
    exit 1
fi
if [ "${1:-}" = --debian ]; then
    printf '%s\n' "$notes" | sed -e 's/^/  /' -e 's/^  - /  * /' -e 's/ *$//'
else
    printf '%s\n' "$notes"
fi
