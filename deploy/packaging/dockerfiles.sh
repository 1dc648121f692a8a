#!/bin/sh
# Write customer/Dockerfile and employee/Dockerfile from Dockerfile.in, so that
# a step stands in one place.
#   dockerfiles.sh [FOLDER]    into FOLDER/customer and FOLDER/employee; without
#                              it the project's own
set -eu
packaging=$(dirname "$0")
into=${1:-$packaging/../..}

# write DAEMON OPS_PORT CONTENT: the last is what sed does with @content@.
write() {
    mkdir -p "$into/$1"
    sed -e "s,@daemon@,$1,g" -e "s,@ops_port@,$2,g" -e "$3" \
        "$packaging/Dockerfile.in" >"$into/$1/Dockerfile"
}

write customer 9090 \
    's,^@content@$,COPY customer/content /usr/share/cafe/customer/content,'
write employee 9091 '/^@content@$/d'
