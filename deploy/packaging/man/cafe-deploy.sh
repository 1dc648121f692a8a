#!/bin/sh
# Print the manual page cafe-deploy(1); its options are those of --help.
#   cafe-deploy.sh PROGRAM
set -eu
help=$("$1" --help)
cat <<'END'
.TH cafe\-deploy 1 "" "" "Coffee suppliers"
.SH NAME
cafe\-deploy \- rehearse the blue/green deployments of AWS on one machine
.SH SYNOPSIS
.B cafe\-deploy
.RI [ option ...]
.I command
.SH DESCRIPTION
It reads the files that describe the services on AWS: task definitions, AppSpecs
and the templates of load balancer and alarms. Docker, HAProxy, a registry and
git take the place of AWS's services. A deployment starts new tasks, tests them
through the second listener, shifts traffic, watches errors and health, and ends
the old tasks, or rolls back. No request fails.
.SH COMMANDS AND OPTIONS
.EX
END
printf '%s\n' "$help" | sed -e 1d -e 's/\\/\\e/g' -e 's/-/\\-/g' \
    -e 's/^\./\\\&./' -e 's/…/\\[u2026]/g'
cat <<'END'
.EE
.SH SEE ALSO
.BR customer (8),
.BR employee (8)
END
