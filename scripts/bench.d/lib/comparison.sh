# shellcheck shell=bash
# For the cases of scripts/bench: where they work, what they compare, and how they say what came out. Sourced.

# What fails within $(…) fails the script as well.
shopt -s inherit_errexit

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
tools=$root/scripts/bench.d/lib
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
        (cd "$root" && swift build -c release --static-swift-stdlib --product lectern --scratch-path .build-release >&2)
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

# What the distribution's packages install; another one on the PATH would not be what is compared.
lua=/usr/bin/lua5.4
python3=/usr/bin/python3

# Ends the script when one of the peers cannot run.
require_peers() {
    local peer
    for peer in "$@"; do
        case $peer in
            luv | cqueues) "$lua" -e "require '$peer'" > /dev/null 2>&1 ;;
            asyncio | python3) "$python3" -c 'import asyncio' > /dev/null 2>&1 ;;
            *) true ;;
        esac || {
            echo "$0: $peer does not run; install the packages lua5.4, lua-luv, lua-cqueues and python3" >&2
            exit 1
        }
    done
}

# Compiles $work/NAME of a C program, given without its suffix, with what measuring programs share.
compile() {
    local source
    for source in "$@"; do
        cc -std=gnu11 -O2 -Wall -Wextra -o "$work/${source##*/}" "$source.c" "$tools/measured.c" "$tools/clients.c"
    done
}

# Sets $command to what runs on_PEER of the case's folder $here. Its arguments follow; a program of Lectern gets them as the
# list that its module 'settings' returns.
find_program() {
    local peer=$1
    shift
    case $peer in
        lectern) make_lectern_program "$here/on_lectern.lua" "$@" ;;
        luv | cqueues) command=("$lua" "$here/on_$peer.lua" "$@") ;;
        asyncio | python3) command=("$python3" "$here/on_$peer.py" "$@") ;;
    esac
}

# Sets $command to what runs a program of Lectern with settings.
make_lectern_program() {
    local folder=$work/lectern setting list=''
    mkdir -p "$folder"
    cp "$1" "$folder/main.lua"
    shift
    for setting in "$@"; do
        [[ $setting =~ ^[0-9.]+$ ]] || setting="'$setting'"
        list+="$setting, "
    done
    echo "return {$list}" > "$folder/settings.lua"
    echo 'servers: {address: 127.0.0.1}' > "$folder/lectern.yaml"
    # shellcheck disable=SC2034 # for those who source this
    command=("$lectern" run "$folder/main.lua")
}

# Has each peer measured once a round, in turn, and each round begun by another: $rounds times, `measure PEER` prints numbers
# in a line, of which print_row shows the medians.
measure_in_turn() {
    local round turn peer figures
    peers=("$@")
    rm -rf "$work/values"
    mkdir "$work/values"
    for ((round = 0; round < rounds; round++)); do
        for ((turn = 0; turn < $#; turn++)); do
            peer=${peers[(round + turn) % $#]}
            figures=$(measure "$peer")
            if [[ -z $figures ]]; then
                echo "$0: measuring $peer gave nothing" >&2
                exit 1
            fi
            echo "$figures" >> "$work/values/$peer"
        done
    done
}

# A row for scripts/bench, of what measure_in_turn has measured: what, its unit, whether 'more' or 'less' is better, what is
# demanded (or nothing), which of the numbers in a line, by how much to divide it (1).
#
# What is demanded are words: "at least 1.0" and "at most 1.0" are of the ratio to the best peer, with a unit behind, as in
# "at most 20 ms", of Lectern's own figure.
print_row() {
    local peer
    printf '%s\t%s\t%s\t%s' "$1" "$2" "$3" "$4"
    for peer in "${peers[@]}"; do
        printf '\t%s=%s' "$peer" "$(awk -v at="$5" -v by="${6:-1}" '
            { printf "%s%.7g", (NR > 1 ? "," : ""), $at / by }' "$work/values/$peer")"
    done
    printf '\n'
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
    "$python3" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# Whether something listens on a port. It is not connected to: that would be a peer.
is_listening() {
    cat /proc/net/tcp /proc/net/tcp6 2> /dev/null | awk -v port="$(printf ':%04X' "$1")" \
        '$4 == "0A" && substr($2, length($2) - 4) == port { found = 1 } END { exit !found }'
}

# The resident memory of a process in KiB.
resident_memory() { awk '$1 == "VmRSS:" { print $2 }' "/proc/$1/status"; }
