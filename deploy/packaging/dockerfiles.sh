#!/bin/sh
# Write customer/Dockerfile and employee/Dockerfile from Dockerfile.in, so that
# a step stands in one place.
#   dockerfiles.sh [FOLDER]    into FOLDER/customer and FOLDER/employee; without
#                              it the project's own
set -eu
packaging=$(dirname "$0")
into=${1:-$packaging/../..}

# write DAEMON OPS_PORT
write() {
    mkdir -p "$into/$1"
    sed -e "s,@daemon@,$1,g" -e "s,@ops_port@,$2,g" \
        "$packaging/Dockerfile.in" >"$into/$1/Dockerfile"
}

write customer 9090
write employee 9091
