# shellcheck shell=bash
# A status board of the room: drawn in place in a terminal, lines elsewhere. Sourced.

declare -A known=()
history=()
board_is_open=false

open_board() {
    board_is_terminal=false
    if [[ -t 1 && ${TERM:-dumb} != dumb ]]; then
        board_is_terminal=true
        printf '\e[?1049h\e[?25l\e[2J' # the other screen, without a cursor
    fi
    board_is_open=true
    board_began=$SECONDS
}

# Leaves the terminal as it was, with what happened last.
close_board() {
    if $board_is_open && $board_is_terminal; then
        printf '\e[?25h\e[?1049l'
        printf '%s\n' "${history[@]}"
    fi
    board_is_open=false
}

# note TEXT…: something that happened.
note() {
    local line
    printf -v line '%(%H:%M:%S)T  %s' -1 "$*"
    history+=("$line")
    if ! $board_is_open || ! $board_is_terminal; then printf '%s\n' "$line"; fi
}

# learn NAME VALUE: a status of the room.
learn() {
    [[ ${known[$1]:-} == "$2" ]] && return
    # What is known already comes all at once, and is no news.
    if [[ -n ${known[$1]:-} ]] || ((SECONDS - board_began > 1)); then note "$1 is $2"; fi
    known[$1]=$2
}

# paint WORD WIDTH: a state in its colour.
paint() {
    local colour
    case $1 in
        On | Connected) colour=32 ;;
        Warming | Cooling) colour=33 ;;
        Disconnected) colour=31 ;;
        *) colour=2 ;;
    esac
    printf '\e[%dm%-*s\e[0m' "$colour" "$2" "$1"
}

# row NAME TEXT: a device.
row() {
    local lamp='\e[31m○\e[0m' connection=${known[$1.Connection]:-Disconnected}
    [[ $connection == Connected ]] && lamp='\e[32m●\e[0m'
    printf "  $lamp %-11s" "$1"
    paint "${known[$1.Power]:-}" 10
    if [[ $connection == Connected ]]; then
        printf '%s' "$2"
    else
        printf '\e[31mno connection\e[0m'
    fi
    printf '\e[K\n'
}

# bar PERCENT: twenty cells.
bar() {
    local full=$((${1:-0} / 5)) cell
    for ((cell = 0; cell < 20; cell++)); do
        if ((cell < full)); then printf '█'; else printf '░'; fi
    done
}

draw_board() {
    $board_is_terminal || return 0
    local first=$((${#history[@]} > 10 ? ${#history[@]} - 10 : 0)) line
    printf '\e[H\e[K\n  \e[1mThe lecture room\e[0m    %(%H:%M:%S)T    %3d s\e[K\n\e[K\n' -1 $((SECONDS - board_began))
    printf '  Room         '
    paint "${known[Room.Power]:-}" 10
    printf 'source %-8s volume ' "${known[Room.Source]:-}"
    bar "${known[Room.Volume]:-0}"
    printf ' %3s' "${known[Room.Volume]:-}"
    [[ ${known[Room.Mute]:-} == On ]] && printf '  \e[33mmuted\e[0m'
    printf '\e[K\n\e[K\n'
    row Projector "${known[Projector.Input]:-}   lamp ${known[Projector.LampHours]:-?} h"
    row Display "${known[Display.Input]:-}"
    row Switcher "screen: ${known[Switcher.Output1]:-?}   side: ${known[Switcher.Output2]:-?}"
    row Camera "preset ${known[Room.Preset]:--}   zoom ${known[Camera.Zoom]:-?}"
    row Audio "${known[Audio.Level]:-?} dB   mute ${known[Audio.Mute]:-?}"
    printf '\e[K\n'
    for line in "${history[@]:first}"; do printf '  \e[2m%s\e[0m\e[K\n' "$line"; done
    printf '\e[J'
}
