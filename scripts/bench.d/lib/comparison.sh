# shellcheck shell=bash
# For the cases of scripts/bench: where they work, what they compare, and how they say what came out. Sourced.

# What fails within $(…) fails the script as well.
shopt -s inherit_errexit

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
# Processes that are ended with the script.
started=()

# Makes the folder $work, which goes with the script.
make_work_folder() {
    work=$(mktemp -d)
    trap clean_up EXIT
}

# shellcheck disable=SC2317 # called by the trap
clean_up() {
    local process
    for process in "${started[@]}"; do kill "$process" 2> /dev/null || true; done
    rm -rf "$work"
}

# Sets $lectern to the command that is measured.
find_lectern() {
    lectern=${LECTERN:-$root/.build-release/release/lectern}
    if [[ ! -x $lectern ]]; then
        (cd "$root" && swift build -c release --product lectern --scratch-path .build-release >&2)
    fi
}

# Sets $python to an interpreter that has a package: the given one or, when empty, one in .build/bench. More arguments are
# for pip.
find_python() {
    python=$1
    [[ -n $python ]] && return
    local home=$root/.build/bench/${2/==/-}
    python=$home/bin/python
    if [[ ! -e $home/complete ]]; then
        python3 -m venv "$home"
        "$python" -m pip install --quiet --disable-pip-version-check "${@:2}" >&2
        touch "$home/complete"
    fi
}

# Waits until a command succeeds, for two minutes.
wait_for() {
    local attempt
    for ((attempt = 0; attempt < 2400; attempt++)); do
        "$@" && return
        sleep 0.05
    done
    echo "$0: gave up waiting for: $*" >&2
    return 1
}

# A port of the loopback address on which nothing listens.
free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# Whether something listens on a port. It is not connected to: that would be a peer.
is_listening() {
    cat /proc/net/tcp /proc/net/tcp6 2> /dev/null | awk -v port="$(printf ':%04X' "$1")" \
        '$4 == "0A" && substr($2, length($2) - 4) == port { found = 1 } END { exit !found }'
}

# The resident memory of a process in KiB.
resident_memory() { awk '$1 == "VmRSS:" { print $2 }' "/proc/$1/status"; }

median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

# A row for scripts/bench: what, unit, theirs, ours, what is demanded (or nothing).
print_row() { printf '%s\t%s\t%s\t%s\t%s\n' "$@"; }
