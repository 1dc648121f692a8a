#!/bin/sh
# Lay out the root file system of an image: a daemon that was built with the
# preset release, the shared objects it needs, certificates, its user. Beside
# these there is nothing in it, no shell either.
#   image.sh NAME ROOT
set -eu
name=$1
root=$2

# The clients' side of how MariaDB and MySQL 8 check passwords.
plugins="caching_sha2_password sha256_password client_ed25519"

# The files that a program or library is linked with.
linked() {
    ldd "$1" | sed -n 's,^\t\(.* => \)\?\(/[^ ]*\) (.*,\2,p'
}

# Copy a file to where its folder really is (/lib is a link).
place() {
    folder=$(realpath "$(dirname "$1")")
    mkdir -p "$root$folder"
    cp -L "$1" "$root$folder/"
}

DESTDIR=$root cmake --install build/release --prefix /usr --strip >/dev/null
binary=$root/usr/bin/$name

library=$(linked "$binary" | grep /libmariadb)
for plugin in $plugins; do
    file=$(dirname "$library")/libmariadb3/plugin/$plugin.so
    place "$file"
    echo "copied $file" >>"$root/list"
    linked "$file" >>"$root/linked"
done
linked "$binary" >>"$root/linked"
sort -u "$root/linked" | while read -r file; do place "$file"; done
sed 's/^/copied /' "$root/linked" >>"$root/list"
rm "$root/linked"
ln -s usr/lib usr/lib64 "$root/"

mkdir -p "$root/etc"
place /etc/ssl/certs/ca-certificates.crt
for file in deploy/packaging/authorities/*.pem; do
    [ -e "$file" ] || continue
    cat "$file" >>"$root/etc/ssl/databases.pem"
    echo "given $file /etc/ssl/databases.pem" >>"$root/list"
done
echo "cafe:x:10001:10001:cafe:/:/sbin/nologin" >"$root/etc/passwd"
echo "cafe:x:10001:" >"$root/etc/group"
echo "hosts: files dns" >"$root/etc/nsswitch.conf"

# What all of it is, and where it comes from.
{
    echo "linked $binary"
    echo "copied /etc/ssl/certs/ca-certificates.crt"
    sed -n 's/^BOOTSTRAP_CSS:[A-Z]*=/copied /p' build/release/CMakeCache.txt
} >>"$root/list"
mkdir -p "$root/usr/share/doc/$name"
"$(dirname "$0")/sbom.sh" "$name" \
    "$("$binary" --version | sed -n '1s/^[^ ]* //p')" \
    <"$root/list" >"$root/usr/share/doc/$name/sbom.spdx.json"
rm "$root/list"
