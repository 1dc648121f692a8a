# What scripts show a person. Sourced by the other scripts here.
# shellcheck shell=bash

# Colours and lines that renew themselves: for a terminal, unless it or the
# person wants none (https://no-color.org).
is_terminal() {
    [ -t "$1" ] && [ "${TERM:-dumb}" != dumb ]
}

heading() {
    if is_terminal 1 && [ -z "${NO_COLOR:-}" ]; then
        printf '\n\033[1m%s\033[0m\n' "$1"
    else
        printf '\n%s\n' "$1"
    fi
}

# Ninja's lines, "[12/271] Building…", as one that counts; elsewhere a line for
# each tenth. Nothing when there is nothing to compile.
show_progress() {
    local renew=
    ! is_terminal 1 || renew=yes
    awk -F '[][/]' -v renew="$renew" '
        /^\[[0-9]+\/[0-9]+\] / {
            if (renew)
                printf "\rCompiling: %d of %d", $2, $3
            else if (int($2 * 10 / $3) > shown || !begun)
                printf "Compiling: %d of %d\n", $2, $3
            shown = int($2 * 10 / $3)
            begun = 1
            fflush()
        }
        END { if (begun && renew) print "" }'
}
