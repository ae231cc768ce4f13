#!/bin/sh
# Makes sure that the tools of the named groups are there: quietly and quickly when they are, else by installing
# Debian's packages as root or through sudo, else with one line that names what is missing.
#
# usage: packages.sh GROUP...     groups: host debian bare guest qemu window fat disc gdb python bochs check peer
set -u

missing=""

# need FILE-OR-COMMAND PACKAGE: notes the package when the file or the command is not there.
need() {
    case "$1" in
    /*) test -e "$1" && return ;;
    *) command -v "$1" >/dev/null 2>&1 && return ;;
    esac
    case " $missing " in
    *" $2 "*) ;;
    *) missing="$missing $2" ;;
    esac
}

# need_rust FILE PACKAGE: the same for one of Debian's Rust tools, which must also be as new as Cargo.toml's rust-version.
need_rust() {
    oldest=$(sed -n 's/^rust-version = "1\.\([0-9]*\)"$/\1/p' "$(dirname "$0")/../../Cargo.toml")
    release=$("$1" --version 2>/dev/null | sed -n 's/^[a-z]* 1\.\([0-9]*\)\..*/\1/p')
    test "${release:-0}" -ge "$oldest" || need "" "$2"
}

for group in "$@"; do
    case "$group" in
    host) # the runner and the host tests: any cargo, and a C compiler as linker
        need cargo cargo-web
        need cc gcc
        need strip binutils
        ;;
    debian) # everything that is compiled, when no rustup toolchain has the library's sources
        need_rust /usr/bin/rustc rustc-web
        need_rust /usr/bin/cargo cargo-web
        ;;
    bare) # and the kernel and the DLLs beyond that
        need /usr/lib/rustlib/src/rust/library/core/src/lib.rs rust-web-src
        need ld.lld-22 lld-22
        ;;
    guest)
        need i686-w64-mingw32-gcc gcc-mingw-w64-i686
        need i686-w64-mingw32-g++ g++-mingw-w64-i686-win32
        ;;
    qemu) need qemu-system-i386 qemu-system-x86 ;;
    window) need "/usr/lib/$(uname -m)-linux-gnu/qemu/ui-gtk.so" qemu-system-gui ;;
    fat) need fsck.fat dosfstools ;;
    disc)
        need grub-mkrescue grub-common
        need /usr/lib/grub/i386-pc/multiboot2.mod grub-pc-bin
        need xorriso xorriso
        need mformat mtools
        ;;
    gdb) need gdb gdb ;;
    python) # for what comes from PyPI, in an environment of its own below out/
        need python3 python3
        python3 -c 'import ensurepip' 2>/dev/null || need "" python3-venv
        ;;
    bochs)
        need bochs bochs
        # bochs wants one of its displays; this is the smallest (ours is rfb, which comes with bochs itself)
        need "/usr/lib/$(uname -m)-linux-gnu/bochs/plugins/libbx_term_gui.so" bochs-term
        need /usr/share/bochs/BIOS-bochs-latest bochsbios
        need /usr/share/bochs/VGABIOS-lgpl-latest vgabios
        ;;
    peer) # Linux's own measurement: a C compiler for i686, and what patches its kernel and unpacks it
        need "/usr/lib/gcc/$(uname -m)-linux-gnu/$(gcc -dumpversion 2>/dev/null)/32/libgcc.a" gcc-multilib
        need python3 python3
        need as binutils
        ;;
    check) # Debian's formatter and lints
        need /usr/bin/rustfmt rustfmt-web
        need /usr/bin/cargo-clippy rust-web-clippy
        ;;
    *)
        echo "packages.sh: no group $group" >&2
        exit 2
        ;;
    esac
done

test -z "$missing" && exit 0
missing="${missing# }"

as_root=""
if test "$(id -u)" != 0; then
    # Without a terminal, sudo may only be used where it asks for nothing.
    if command -v sudo >/dev/null 2>&1 && { test -t 0 || sudo -n true 2>/dev/null; }; then
        as_root="sudo"
    else
        as_root="no"
    fi
fi
if test "$as_root" = no || ! command -v apt-get >/dev/null 2>&1; then
    hint=""
    case " $missing " in
    *rust-web-src*) command -v rustup >/dev/null 2>&1 && hint="; or, with rustup: rustup component add rust-src" ;;
    esac
    echo "vadose: missing Debian packages: $missing (as root: apt-get install $missing$hint)" >&2
    exit 1
fi

echo "vadose: installing Debian packages: $missing" >&2
log=$(mktemp)
trap 'rm -f "$log"' EXIT
install() {
    # shellcheck disable=SC2086  # the packages are words
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $missing >"$log" 2>&1
}
# An old list may still install, but an old compiler: so the list first. Without a network what is cached may do.
$as_root apt-get update >"$log" 2>&1
install || {
    tail -n 5 "$log" >&2
    echo "vadose: apt-get could not install: $missing" >&2
    exit 1
}
