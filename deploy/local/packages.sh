# Debian packages by purpose, and installing those that are missing.
# Sourced by the other scripts here, and by the Dockerfiles' dash.
# shellcheck shell=bash

# A package, then what needs it: suites of ./cafe test by their names, and
#   build      compiling, here and in the first stage of both images
#   up         ./cafe up
#   rehearse   ./cafe rehearse
#   bench      ./cafe bench
# No name contains a version that only one release of Debian has.
package_table="
gcc                       build
libc6-dev                 build
cmake                     build
ninja-build               build
pkg-config                build
libevent-dev              build
libmariadb-dev            build
libcrypt-dev              build
libssl-dev                build
libseccomp-dev            build
libjansson-dev            build
libcsv-dev                build
libcmark-dev              build
libqrencode-dev           build
libyaml-dev               build
libutf8proc-dev           build
zlib1g-dev                build
libbrotli-dev             build
brotli                    build
gzip                      build
libjs-bootstrap5          build
mariadb-server-core       up unit integration conformance browser deploy bench soak
mariadb-client-core       up unit integration conformance browser deploy bench soak
haproxy                   up integration conformance browser
procps                    up integration
python3                   lint unit fuzz integration conformance browser deploy bench soak
python3-pytest            lint fuzz integration conformance browser deploy soak
python3-pytest-timeout    lint fuzz integration conformance browser deploy
python3-pytest-xdist      fuzz integration conformance browser deploy
python3-pymysql           unit integration conformance browser deploy bench soak
libcmocka-dev             unit
binutils                  lint
clang-format              lint
clang-tidy                lint
cppcheck                  lint
git                       lint integration deploy rehearse
shellcheck                lint
clang                     fuzz
libclang-rt-dev           fuzz
llvm                      fuzz
node-llhttp               fuzz
groff-base                integration
iproute2                  integration deploy
jq                        integration
python3-jsonschema        integration
python3-vobject           integration
zbar-tools                integration
awscli                    deploy
python3-gi                integration
gir1.2-ebookcontacts-1.2  integration
khard                     integration
libreoffice-calc-nogui    integration
slowhttptest              integration
sqlmap                    integration
strace                    integration
systemd                   integration
prometheus                integration
wrk                       integration deploy bench
nginx-light               integration conformance bench
python3-yaml              lint deploy
chromium                  browser
chromium-headless-shell   browser deploy
firefox-esr               browser
fonts-dejavu-core         browser deploy
mariadb-client            integration deploy
npm                       integration browser deploy bench
golang-go                 bench
golang-github-go-sql-driver-mysql-dev bench
gunicorn                  bench
python3-django            bench
python3-mysqldb           bench
php-fpm                   bench
php-mysql                 bench
curl                      integration deploy rehearse
openssl                   integration deploy rehearse
mmdebstrap                deploy
lintian                   deploy
dpkg-dev                  deploy
file                      deploy
docker-compose            deploy
docker.io                 deploy
iptables                  deploy
"

# The packages that any of these uses needs: packages_for build up.
packages_for() {
    printf '%s' "$package_table" | awk -v uses="$*" '
        BEGIN { split(uses, list); for (i in list) wanted[list[i]] }
        { for (i = 2; i <= NF; i++) if ($i in wanted) { print $1; next } }'
}

missing_packages() {
    local package
    for package in "$@"; do
        # Node.js often comes from elsewhere; any version will do.
        [ "$package" != npm ] || ! command -v npm >/dev/null || continue
        [[ $(dpkg-query -W -f='${Status}' "$package" 2>/dev/null) == \
            "install ok installed"* ]] || echo "$package"
    done
}

# May we install? Asked on a terminal only.
may_install() {
    local answer
    [ -t 0 ] || return 0
    read -r -p "Install these Debian packages: $*? [Y/n] " answer
    [[ -z $answer || $answer == [Yy]* ]]
}

# Install the packages that these uses need and this machine lacks.
install_for() {
    local missing
    # shellcheck disable=SC2046
    missing=$(missing_packages $(packages_for "$@") | xargs)
    [ -n "$missing" ] || return 0
    if [ "$(id -u)" != 0 ]; then
        echo "Some packages are missing. Run this, then try again:" >&2
        echo "  sudo apt-get install --no-install-recommends $missing" >&2
        exit 1
    fi
    # shellcheck disable=SC2086
    may_install $missing || exit 1
    echo "Installing $missing" >&2
    apt-get update -qq
    # shellcheck disable=SC2086
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
        --no-install-recommends $missing >/dev/null
}

# What is compiled, as it is; ./cafe rehearse shows how far it is.
show_build() {
    cat >/dev/null
}

# A preset, or some targets of it; one at a time, also where several commands
# build the same preset. Needs pipefail.
build() {
    local preset=$1 lock
    shift
    exec {lock}>"var/log/build-$preset.lock"
    flock "$lock"
    cmake --preset "$preset" -S . >"var/log/cmake-$preset.log" 2>&1 ||
        { cat "var/log/cmake-$preset.log" >&2; exit 1; }
    cmake --build --preset "$preset" "$@" 2>&1 |
        tee "var/log/build-$preset.log" | show_build ||
        { cat "var/log/build-$preset.log" >&2; exit 1; }
    exec {lock}>&-
}
