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

# What an option takes: "--log-requests on|off" one of these, "--config FILE" a
# file, "--port N" anything; "--check-config=connect" is a word of its own.
values=$(printf '%s\n' "$help" |
    sed -n -E 's/^  (--[a-z-]+[ =][^ ]+).*/\1/p' |
    sed -E 's/^([^ ]+)=([^ ]+)$/    \1=) words="\2" ;;/
        s/^([^ ]+) (PATH|FILE|DIR)$/    \1 | \1=) files=yes ;;/
        s/^([^ ]+) ([^ ]+[|].*)$/    \1 | \1=) words="\2" ;;/
        s/^([^ ]+) [^ ]+$/    \1 | \1=) words= ;;/
        s/(\w)[|](\w)/\1 \2/g')
function=_$(printf '%s' "$name" | tr - _)
cat <<END
# Written by the build from $name --help.
$function() {
    local word=\$2 option=\$3 files= words="${words% }"
    # Bash parts "--option=value" into three words.
    if [ "\$word" = = ]; then
        word= option+==
    elif [ "\$option" = = ]; then
        option=\${COMP_WORDS[COMP_CWORD - 2]}=
    fi
    case \$option in
$values
    esac
    if [ -n "\$files" ]; then
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -f -- "\$word")
    else
        mapfile -t COMPREPLY < <(compgen -W "\$words" -- "\$word")
    fi
}
complete -F $function $name
END
