# shellcheck shell=bash
# Ports on 127.0.0.1. Sourced.

# Whether something listens on the port.
is_listening() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# Prints a port on which nothing listens, below those that the system hands out to clients.
free_port() {
    local port
    while port=$((10000 + RANDOM % 20000)); do
        is_listening "$port" || break
    done
    printf '%d\n' "$port"
}

# await_port PORT PID: waits until the process listens. Fails when it has ended, or after ten seconds.
await_port() {
    local attempt
    for ((attempt = 0; attempt < 200; attempt++)); do
        is_listening "$1" && return 0
        kill -0 "$2" 2>/dev/null || return 1
        sleep 0.05
    done
    return 1
}
