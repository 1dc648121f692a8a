#!/bin/sh
# Print a daemon's manual page for an installation where it has another name.
#   rename.sh NAME NEW-NAME PAGE
set -eu
sed "s/^\(\.TH \|\.B \|\)$1\( \|$\)/\1$2\2/" "$3"
