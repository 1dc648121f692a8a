#!/bin/sh
# Print a completion for bash, made from what --help shows of a program.
#   completion.sh NAME PROGRAM
set -eu
name=$1
help=$("$2" --help)

# Options, and commands such as "service create": lines that begin with them.
words=$(printf '%s\n' "$help" |
    grep -o -E '^  (-[a-zA-Z], )?--[a-z-]+|^  [a-z]+( [a-z]+)?  *' |
    sed 's/^  \(-[a-zA-Z], \)\?//' | tr ' ' '\n' | grep . | sort -u |
    tr '\n' ' ')
function=_$(printf '%s' "$name" | tr - _)
cat <<END
# Written by the build from $name --help.
$function() {
    mapfile -t COMPREPLY < <(compgen -W "${words% }" -- "\$2")
}
complete -o default -F $function $name
END
