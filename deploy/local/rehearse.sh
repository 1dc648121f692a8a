#!/bin/bash
# ./cafe rehearse: the tutorial's eight phases on this machine, in order, each
# with its proof. It stays up; ./cafe rehearse --down removes it.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=deploy/local/packages.sh
. deploy/local/packages.sh
# shellcheck source=deploy/local/output.sh
. deploy/local/output.sh

usage="usage: ./cafe rehearse [--port N] [--test-port N] [--registry-port N]
                      [--bake SECONDS] | --down"
options=()
down=
while [ $# -gt 0 ]; do
    case "$1" in
    -h | --help)
        echo "$usage"
        exit
        ;;
    --port | --test-port | --registry-port | --bake)
        if [ $# = 1 ]; then
            echo "$1 needs a value; $usage" >&2
            exit 2
        fi
        options+=("$1" "$2")
        shift
        ;;
    --down) down=yes ;;
    *)
        echo "$usage" >&2
        exit 2
        ;;
    esac
    shift
done

mkdir -p var/log
install_for build rehearse
show_build() { show_progress; }
build release --target cafe-deploy
state=$PWD/var/rehearsal
work=$state/work

cafe-deploy() {
    build/release/bin/cafe-deploy --state "$state" "$@"
}

if [ -n "$down" ]; then
    rm -rf "$work"
    exec build/release/bin/cafe-deploy --state "$state" down
fi

began=$SECONDS
building=0
phase() {
    heading "Phase $1: $2"
}

# A command as a person would type it, then what it says.
step() {
    printf '  $ %s\n' "$*"
    "$@" 2>&1 | sed 's/^/    /'
}

# The title of a page, and its banner.
look() {
    printf '  %s: ' "$1"
    curl --silent --show-error --max-time 10 "$1" |
        sed -n 's|.*<title>\(.*\)</title>.*|\1|p; s|.*class="banner \([a-z-]*\)".*|  (\1)|p' |
        tr '\n' ' '
    echo
}

sql() {
    docker exec cafe-db sh -c 'MYSQL_PWD=$(cat /run/secrets/root.password) \
        exec mariadb --user=root --default-character-set=utf8mb4 --table COFFEE \
        --execute "$0"' "$1" | sed 's/^/    /'
}

banner() {
    sed -i "s/banner-[a-z]*/banner-$1/" "$work/microservices/employee/views/nav.html"
}

commit() {
    git -C "$work/$1" add --all
    git -C "$work/$1" -c user.name=rehearsal -c user.email=rehearsal@localhost \
        commit --quiet --message "$2"
    git -C "$work/$1" push --quiet "$state/repositories/$1.git" dev
    printf '  pushed to repository %s: %s\n' "$1" "$2"
}

build_image() {
    local start=$SECONDS
    printf '  $ docker build --tag %s -f %s/Dockerfile .\n' "$1" "$1"
    docker build --quiet --tag "$1" -f "$work/microservices/$1/Dockerfile" \
        "$work/microservices" >/dev/null
    building=$((building + SECONDS - start))
}

phase 1 "the monolith's database"
echo "  With a load balancer, a registry and repositories, all empty."
step cafe-deploy "${options[@]}" up
mapfile -t settings <"$state/settings"
site=http://127.0.0.1:${settings[0]}
test_site=http://127.0.0.1:${settings[1]}
sql 'SELECT id, name, city, phone FROM suppliers'

phase 2 "the source goes into a repository"
rm -rf "$work"
mkdir -p "$work/microservices" "$work/deployment"
git ls-files -z | tar --create --null --files-from - |
    tar --extract --directory "$work/microservices"
for repository in microservices deployment; do
    git init --quiet --initial-branch dev "$work/$repository"
done
echo "  The employees' pages start with a dark banner; the last phase changes it."
banner dark
commit microservices "The two services"

phase 3 "two services in containers, tried one by one"
for service in customer employee; do
    build_image $service
done
echo "  The table is adopted in place:"
step cafe-deploy migrate | grep -v ': step '
sql "SELECT revision, supplier_id, action, name FROM supplier_changes"
for service in customer employee; do
    docker rm --force ${service}_1 >/dev/null 2>&1 || :
    docker run --detach --name ${service}_1 --network cafe-vpc \
        --publish 127.0.0.1::8080 --label "cafe.rehearsal=$state" \
        --volume "$state/secrets/$service.password:/password:ro" \
        --env APP_DB_HOST=db --env APP_DB_USER=$service \
        --env APP_DB_PASSWORD_FILE=/password $service >/dev/null
    address=$(docker port ${service}_1 8080)
    until curl --silent --fail --output /dev/null "http://$address/readyz"; do
        [ "$(docker container inspect --format '{{.State.Running}}' \
            ${service}_1)" = true ] || { docker logs ${service}_1 >&2; exit 1; }
        read -r -t 0.1 <> <(:) || :
    done
    path=/suppliers
    [ $service = customer ] || path=/admin/suppliers
    look "http://$address$path"
    docker rm --force ${service}_1 >/dev/null
done

phase 4 "images into the registry, task definitions, AppSpecs"
for service in customer employee; do
    step cafe-deploy push $service
    step cafe-deploy register $service
done
cp deploy/deployment/*.{json,yaml} "$work/deployment/"
commit deployment "Task definitions, AppSpecs and services"

phase 5 "four target groups behind two listeners"
step cafe-deploy status

phase 6 "two services"
for service in customer employee; do
    step cafe-deploy service create $service
done
look "$site/suppliers"
look "$site/admin/suppliers"

phase 7 "pipelines: each runs as soon as it is created"
for service in customer employee; do
    step cafe-deploy pipeline create $service
done
for service in customer employee; do
    step cafe-deploy pipeline wait $service
done
step cafe-deploy status

phase 8 "only the office may edit; a new banner; three tasks"
echo "  Somebody else's network:"
step cafe-deploy restrict 203.0.113.0/24
look "$site/admin/suppliers"
look "$test_site/admin/suppliers"
echo "  This machine:"
step cafe-deploy restrict 10.83.9.1/32
look "$site/admin/suppliers"
look "$test_site/admin/suppliers"
banner light
commit microservices "A light banner for employees"
build_image employee
step cafe-deploy push employee
step cafe-deploy pipeline wait employee
look "$site/admin/suppliers"
look "$site/suppliers"
step cafe-deploy scale customer 3
step cafe-deploy status

printf '\nIt took %d s, and %d s to build images. %s and %s/admin keep running.\n' \
    $((SECONDS - began - building)) $building "$site" "$site"
echo "build/release/bin/cafe-deploy --help lists more commands, and"
echo "./cafe rehearse --down removes everything."
