# shellcheck shell=bash
# Runs the suite in one way after another and keeps the counts. Sourced, after messages.sh.

passed=0
failed=0
failed_names=()
broken=()
reports=$(mktemp -d)
trap 'rm -rf "$reports"' EXIT

# Reads one number of the report that the test run has written.
report_count() {
    sed -n "s/.*<testsuite .* $2=\"\([0-9]*\)\".*/\1/p" "$1" | head -n 1
}

# Prints the names of the failed tests of a report, a line each.
report_failures() {
    sed -n -e '/<testcase /h' -e '/<failure/{x;s/.*classname="\([^"]*\)" name="\([^"]*\)".*/\1\/\2/p;x;}' "$1" | sort -u
}

# run_suite WAY BUILD_FOLDER [swift test arguments…]: runs what is built, and adds to the counts. A failed run does not
# end the script: the other ways may show more.
run_suite() {
    local way=$1 folder=$2 report status=0 tests failures name
    shift 2
    report=$reports/report
    rm -f "$reports"/report*
    swift test --skip-build --disable-xctest --scratch-path "$folder" --xunit-output "$report" "$@" || status=$?

    # Swift Testing writes beside the name that it was given.
    report=$(find "$reports" -name 'report*' -size +0 | head -n 1)
    if [[ -z $report ]]; then
        broken+=("$way: the run ended without a report, with exit code $status")
        return 0
    fi
    tests=$(report_count "$report" tests)
    failures=$(report_count "$report" failures)
    tests=${tests:-0} failures=${failures:-0}
    ((passed += tests - failures)) || true
    ((failed += failures)) || true
    while read -r name; do failed_names+=("$way: $name"); done < <(report_failures "$report")
    if ((tests == 0)); then
        broken+=("$way: no test ran")
    elif ((status != 0 && failures == 0)); then
        broken+=("$way: exit code $status, though no test failed")
    fi
}

# Prints the counts of all ways, and ends the script with 1 when anything was wrong.
summarize() {
    printf '\n'
    if ((${#failed_names[@]})); then printf 'FAILED %s\n' "${failed_names[@]}"; fi
    if ((${#broken[@]})); then printf 'BROKEN %s\n' "${broken[@]}"; fi
    printf '%d passed, %d failed\n' "$passed" "$failed"
    ((failed == 0 && ${#broken[@]} == 0))
}
