# shellcheck shell=bash
# Runs the suite in one way after another and keeps the counts. Sourced, after messages.sh.

passed=0
failed=0
failed_names=()
repeated_names=()
broken=()
reports=$(mktemp -d)
events=$(mktemp -d)
trap 'rm -rf "$reports" "$events"' EXIT

# Reads one number of the report that the test run has written.
report_count() {
    sed -n "s/.*<testsuite .* $2=\"\([0-9]*\)\".*/\1/p" "$1" | head -n 1
}

# Prints the names of the failed tests of a report, a line each.
report_failures() {
    sed -n -e '/<testcase /h' -e '/<failure/{x;s/.*classname="\([^"]*\)" name="\([^"]*\)".*/\1\/\2/p;x;}' "$1" | sort -u
}

# run_once BUILD_FOLDER [swift test arguments…]: runs what is built. Sets `status` and `report`, empty without one.
run_once() {
    local folder=$1
    shift
    status=0
    rm -f "$reports"/report*
    swift test --skip-build --disable-xctest --scratch-path "$folder" --xunit-output "$reports/report" "$@" || status=$?
    # Swift Testing writes beside the name that it was given.
    report=$(find "$reports" -name 'report*' -size +0 | head -n 1)
}

# passes_alone BUILD_FOLDER NAME [swift test arguments…]: whether a failed test passes by itself. Only tests with real peers
# are asked again: a busy machine makes a peer late, and lateness is what they must notice. All others have virtual time.
passes_alone() {
    local folder=$1 name=$2 status report
    shift 2
    [[ $name == Interop.* ]] || return 1
    announce "Alone: $name"
    # shellcheck disable=SC2016 # the dollar sign is for sed
    SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH=1 \
        run_once "$folder" "$@" --filter "$(sed 's/[][().*+?{}^$|\\]/\\&/g' <<<"$name")"
    ((status == 0)) && [[ -n $report ]] && (($(report_count "$report" tests) > 0))
}

# run_suite WAY BUILD_FOLDER [swift test arguments…]: runs what is built, and adds to the counts. A failed run does not
# end the script: the other ways may show more.
run_suite() {
    local way=$1 folder=$2 report status tests failures name names
    shift 2
    run_once "$folder" --event-stream-output-path "$events/$way.events" --event-stream-version 0 "$@"
    if [[ -z $report ]]; then
        broken+=("$way: the run ended without a report, with exit code $status")
        return 0
    fi
    tests=$(report_count "$report" tests)
    failures=$(report_count "$report" failures)
    tests=${tests:-0} failures=${failures:-0}
    if ((tests == 0)); then
        broken+=("$way: no test ran")
    elif ((status != 0 && failures == 0)); then
        broken+=("$way: exit code $status, though no test failed")
    fi
    mapfile -t names < <(report_failures "$report")
    for name in "${names[@]}"; do
        # Where many fail, it is not for want of time.
        if ((${#names[@]} <= 5)) && passes_alone "$folder" "$name" "$@"; then
            repeated_names+=("$way: $name")
            ((failures -= 1)) || true
        else
            failed_names+=("$way: $name")
        fi
    done
    ((passed += tests - failures)) || true
    ((failed += failures)) || true
}

# Prints the counts of all ways, and ends the script with 1 when anything was wrong.
summarize() {
    printf '\n'
    python3 scripts/lib/slow_tests.py "$events"
    if ((${#repeated_names[@]})); then printf 'LATE   %s: failed among the others, passed alone\n' "${repeated_names[@]}"; fi
    if ((${#failed_names[@]})); then printf 'FAILED %s\n' "${failed_names[@]}"; fi
    if ((${#broken[@]})); then printf 'BROKEN %s\n' "${broken[@]}"; fi
    printf '%d passed, %d failed\n' "$passed" "$failed"
    ((failed == 0 && ${#broken[@]} == 0))
}
