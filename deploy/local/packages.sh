# Debian packages by purpose, and installing what is missing of them.
# Sourced by the other scripts here.
# shellcheck shell=bash disable=SC2034

build_packages="gcc libc6-dev cmake ninja-build pkg-config libevent-dev
    libmariadb-dev libcmark-dev libyaml-dev libutf8proc-dev zlib1g-dev
    libbrotli-dev brotli gzip libjs-bootstrap5"
run_packages="mariadb-server-core mariadb-client-core haproxy procps"
test_packages="clang libclang-rt-14-dev llvm node-llhttp libcmocka-dev python3
    python3-pytest python3-pymysql python3-vobject python3-yaml
    python3-jsonschema
    clang-format-14 shellcheck groff-base
    valgrind chromium firefox-esr fonts-dejavu-core git wrk slowhttptest strace iproute2
    nginx-light"
# With these come Docker's engine and, where there is systemd, its service.
deploy_packages="docker.io docker-compose debootstrap iptables curl git
    openssl"
bench_packages="wrk nginx-light python3 python3-pymysql"

missing_packages() {
    local package
    for package in "$@"; do
        dpkg-query -W -f='${Status}' "$package" 2>/dev/null |
            grep -q '^install ok installed' || echo "$package"
    done
}

# May we install? Asked on a terminal only.
may_install() {
    local answer
    [ -t 0 ] || return 0
    read -r -p "Install these Debian packages: $*? [Y/n] " answer
    [[ -z $answer || $answer == [Yy]* ]]
}

install_missing() {
    local missing
    missing=$(missing_packages "$@" | xargs)
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

# Node.js for browser tests and bench: any that is there will do.
install_node() {
    command -v npm >/dev/null || install_missing nodejs npm
}

# A preset, or some targets of it.
build() {
    local preset=$1
    shift
    cmake --preset "$preset" -S . >"var/log/cmake-$preset.log" 2>&1 ||
        { cat "var/log/cmake-$preset.log" >&2; exit 1; }
    cmake --build --preset "$preset" "$@" >"var/log/build-$preset.log" 2>&1 ||
        { cat "var/log/build-$preset.log" >&2; exit 1; }
}
