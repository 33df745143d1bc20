# shellcheck shell=bash
# Sourced by the scripts beside it: finds a command, or installs its Debian package where it may.

packages() { # Debian packages; scripts that run beside each other wait here for one another, which apt-get itself does not
    (
        flock 9
        apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" > /dev/null
    ) 9> "${TMPDIR:-/tmp}/nrser-packages.lock"
}

need() { # command, Debian package, why
    command -v "$1" > /dev/null && return
    if [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null; then
        echo "Installing $2 ($3)…"
        packages "$2"
    else
        echo "$1 is missing ($3). Install it, e.g.: sudo apt-get install $2" >&2
        exit 3
    fi
}
