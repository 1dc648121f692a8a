#!/bin/bash
# Make images from Debian's packages under the tags of official ones, for
# machines that can't pull any: only those whose tag is not there yet.
#   build.sh [NAME...]      of debian mariadb haproxy registry; DOCKER is the client
set -euo pipefail
cd "$(dirname "$0")"

docker=${DOCKER:-docker}
note="made from Debian's packages for tests; not the official image"
declare -A tags=([debian]=debian:bookworm-slim [mariadb]=mariadb:10.11
    [haproxy]=haproxy:2.6 [registry]=registry:2)

# A minimal Debian, without the documents that the slim image leaves out, too.
build_debian() {
    local folder root
    folder=$(mktemp -d)
    # shellcheck disable=SC2064
    trap "rm -rf '$folder'" EXIT
    root=$folder/root
    ./root.sh bookworm "$root"
    cp debian/sources.list "$root/etc/apt/"
    cp debian/slim.cfg "$root/etc/dpkg/dpkg.cfg.d/"
    rm -rf "$root"/var/{lib/apt/lists,cache/apt/archives}/* \
        "$root"/usr/share/{doc,man,locale,info}/*
    tar -C "$root" -c . | "$docker" import --change 'CMD ["bash"]' \
        --change "LABEL cafe.stand-in=\"$note\"" - "$1" >/dev/null
}

# An official image, or a stand-in of what its folder contains now.
is_there() {
    local found
    found=$("$docker" image inspect --format '{{json .Config.Labels}}' "$1" \
        2>/dev/null) || return 1
    [[ $found != *cafe.stand-in* || $found == *"$2"* || $3 = debian ]]
}

for name in "${@:-debian mariadb haproxy registry}"; do
    for name in $name; do
        tag=${tags[$name]}
        contents=$(cat "$name"/* | sha256sum | cut -c 1-16)
        if is_there "$tag" "$contents" "$name"; then
            continue
        fi
        echo "Making a stand-in for $tag" >&2
        if [ "$name" = debian ]; then
            (build_debian "$tag")
        else
            "$docker" build --quiet --label "cafe.stand-in=$note" \
                --label "cafe.contents=$contents" --tag "$tag" "$name" >/dev/null
        fi
    done
done
