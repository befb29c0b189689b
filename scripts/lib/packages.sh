# shellcheck shell=bash
# The system packages that the build and the tests need. Sourced, after messages.sh.

# Lua, PCRE2 and libyaml are linked, which pkg-config finds; libssh is loaded by the first SSH session, http-parser by the
# first HTTP exchange and zlib by the first compressed body; git fetches the Swift packages; python3, socat, openssl, sshd and
# nginx play peers in the tests, and tshark reads the captures of traces.
required_packages=(liblua5.4-dev libpcre2-dev libssh-dev libyaml-dev libhttp-parser-dev zlib1g pkg-config git python3 python3-venv socat openssl
    openssh-server nginx-light tshark)

# Prints those that are not installed.
missing_packages() {
    local package installed
    installed=$(dpkg-query --show --showformat '${Package} ${db:Status-Status}\n' "${required_packages[@]}" 2>/dev/null || true)
    for package in "${required_packages[@]}"; do
        grep -qx "$package installed" <<<"$installed" || printf '%s\n' "$package"
    done
}

# Installs what is missing; when that is not allowed, ends with the command to run.
install_missing_packages() {
    local missing as_root=()
    command -v dpkg-query >/dev/null ||
        die "this is no Debian: install Lua 5.4, PCRE2 (8 bit), libssh, http-parser 2.9, zlib, their headers, pkg-config, git, python3, socat, openssl, sshd, nginx and tshark by hand, then run 'swift build'"
    mapfile -t missing < <(missing_packages)
    ((${#missing[@]})) || return 0

    local command="apt-get install -y --no-install-recommends ${missing[*]}"
    if ((EUID != 0)); then
        # Without a terminal sudo must not ask for a password: nobody would answer.
        if command -v sudo >/dev/null && { [[ -t 0 ]] || sudo -n true 2>/dev/null; }; then
            as_root=(sudo)
        else
            die "missing packages, and no right to install them; run as root: $command"
        fi
    fi
    announce "Installing ${missing[*]}"
    "${as_root[@]}" apt-get update -q ||
        die "apt-get update failed; when it is mended, run as root: $command"
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}" ||
        die "the installation failed; when it is mended, run as root: $command"
}
