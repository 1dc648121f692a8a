#!/bin/bash
# Stands in front of the docker program. When it is given the subcommand
# KILL_AT (with KILL_WITH among its words), it kills cafe-deploy, which has
# started it: before the program runs, which outlives it then, or after.
program=/usr/bin/docker
if [[ -e $KILL_MARK || $1 != "$KILL_AT" || " $* " != *" $KILL_WITH"* ]]; then
    exec $program "$@"
fi
touch "$KILL_MARK"
[ "$KILL_WHEN" = after ] || kill -KILL $PPID
$program "$@" >/dev/null 2>&1
[ "$KILL_WHEN" = before ] || kill -KILL $PPID
touch "$KILL_MARK.over"
