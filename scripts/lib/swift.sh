# shellcheck shell=bash
# The Swift toolchain. Sourced, after messages.sh.

# Ends the script when there is no Swift 6 on the PATH.
require_swift() {
    local version
    command -v swift >/dev/null || die "no 'swift' on the PATH; install Swift 6 from https://swift.org/install"
    version=$(swift --version 2>&1) || die "'swift --version' failed: $version"
    [[ $version =~ Swift\ version\ ([0-9]+)\.([0-9]+) ]] || die "cannot read the version of Swift from: $version"
    ((BASH_REMATCH[1] > 6 || (BASH_REMATCH[1] == 6 && BASH_REMATCH[2] >= 2))) ||
        die "Swift ${BASH_REMATCH[1]}.${BASH_REMATCH[2]} is too old; Lectern needs 6.2 or newer"
}
