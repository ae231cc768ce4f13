#!/bin/sh
# Fetches Debian's newest kernel of its 686-pae flavour through apt and unpacks it; prints the path of its vmlinuz. apt's lists for that
# architecture are kept in the folder, so that nothing of the machine's own changes.
#
# usage: fetch.sh FOLDER
set -eu
folder=$1
mkdir -p "$folder/lists/lists/partial" "$folder/cache/archives/partial"
folder=$(cd "$folder" && pwd)
apt() {
    tool=$1
    shift
    "$tool" -q -o APT::Architecture=i386 -o APT::Architectures::=i386 -o Dir::State="$folder/lists" -o Dir::Cache="$folder/cache" \
        -o Dir::State::status=/dev/null -o APT::Sandbox::User=root "$@"
}
# A list that cannot be had is no matter as long as there is the one with the kernel.
apt apt-get update >"$folder/log" 2>&1 || true
package=$(apt apt-cache depends linux-image-686-pae 2>>"$folder/log" | sed -n 's/^ *Depends: \(linux-image-[^ ]*-686-pae\)$/\1/p' | head -n 1)
if test -z "$package"; then
    tail -n 5 "$folder/log" >&2
    echo "fetch.sh: apt knows no linux-image-686-pae" >&2
    exit 1
fi
if ! test -e "$folder/boot/vmlinuz-${package#linux-image-}"; then
    rm -f "$folder"/*.deb
    (cd "$folder" && apt apt-get download "$package" >>log 2>&1) || {
        tail -n 5 "$folder/log" >&2
        exit 1
    }
    dpkg-deb --fsys-tarfile "$folder"/*.deb | tar -x -C "$folder" ./boot
fi
echo "$folder/boot/vmlinuz-${package#linux-image-}"
