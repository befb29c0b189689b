# shellcheck shell=bash
# What the scripts say. Sourced.

# A step of the script's own, told apart from what its commands print.
announce() { printf '\n==> %s\n' "$*"; }

# Ends the script with one line that says what is wrong and what to do.
die() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}
