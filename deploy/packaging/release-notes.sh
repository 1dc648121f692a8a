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

# As Debian's changelogs have it: stars, two spaces before each line, and at most
# 80 characters in it.
debian() {
    awk '
        function flush(    i, line) {
            line = first
            for (i = 1; i <= count; i++) {
                if (i > 1 && length(line " " words[i]) > 80) {
                    print line
                    line = rest words[i]
                } else {
                    line = line (i > 1 ? " " : "") words[i]
                }
            }
            if (count > 0)
                print line
            count = 0
        }
        { indent = $0; sub(/[^ ].*/, "", indent) }
        $1 == "-" { flush(); first = "  " indent "* "; rest = "  " indent "  "
                    $1 = "" }
        NF == 0 { flush(); print ""; next }
        count == 0 && $1 != "" { first = rest = "  " indent }
        { for (i = 1; i <= NF; i++) if ($i != "") words[++count] = $i }
        END { flush() }'
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
    printf '%s\n' "$notes" | debian
else
    printf '%s\n' "$notes"
fi
