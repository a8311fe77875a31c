# shellcheck shell=sh
# tests/bench/lib.sh -- what the tests of the benches share: TAP, a report of known lines, a short run.

src=${top_srcdir:-.}
build=${top_builddir:-.}
n=0 failed=0
when= # what the promises of a run begin with
tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT

skip_all() {
    echo "1..0 # SKIP $1"
    exit 0
}

pass() { # PROMISE
    n=$((n + 1))
    echo "ok $n - $1"
}

fail() { # PROMISE WHY
    n=$((n + 1))
    failed=1
    echo "not ok $n - $1"
    echo "$2" | sed 's/^/# /'
}

is() { # PROMISE GOT WANT
    if [ "$2" = "$3" ]; then
        pass "$1"
    else
        fail "$1" "got $2, want $3"
    fi
}

like() { # PROMISE FIXED-STRING: a line of the report has it
    if grep -qF -- "$2" "$tmp/report"; then
        pass "$1"
    else
        fail "$1" "not there: $2"
    fi
}

# The last call of a test.
finish() {
    echo "1..$n"
    exit $failed
}

# report BENCH: the report of $tmp/results, $tmp/facts and $tmp/goals.
report() {
    awk -v facts="$tmp/facts" -v goals="$tmp/goals" -v data="$tmp" \
        -f "$src/bench/lib.awk" -f "$src/bench/$1/report.awk" "$tmp/results" \
        >"$tmp/report" 2>"$tmp/complaints"
}

# A report of nothing, by the goals given here and by those that are shipped.
report_nothing() { # BENCH GOALS
    : >"$tmp/results"
    report "$1"
    is "nothing measured is no goal met" "$(tail -n 1 "$tmp/report")" "goals: 0 of $2 met"
    cp "$src/bench/$1/goals" "$tmp/goals"
    report "$1"
    is "each shipped goal is told" "$(grep -c '| not measured |$' "$tmp/report")" \
        "$(grep -cv '^#' "$tmp/goals")"
}

# smoke BENCH TOOL...: a short run of bench/run-BENCH, what it says in $tmp/said;
# all is skipped where a tool is missing.
smoke() {
    bench=$1
    shift
    for tool in bash "$@"; do
        command -v "$tool" >/dev/null || skip_all "$tool is not installed"
    done
    ! grep -q '^S\["SAN_CFLAGS"\]="..*"' "$build/config.status" || skip_all 'a sanitizer is no bench'
    unset MAKEFLAGS MFLAGS MAKELEVEL
    # One at a time builds what `make` does not.
    if TMPDIR=$tmp BUILD=$build flock "$build/config.status" \
        "$src/bench/run-$bench" --smoke -o "$tmp" >"$tmp/said" 2>&1; then
        pass "${when}a run ends well"
    else
        fail "${when}a run ends well" "$(cat "$tmp/said")"
    fi
}

# Whether the run found nothing to measure.
emulated() {
    grep -q '^this processor is emulated' "$tmp/said"
}

# smoke_report FILE ERE: it is whole, and a line of it has a rate.
smoke_report() {
    if emulated; then
        is "${when}nothing is measured on an emulated processor" "$(tail -n 1 "$tmp/said")" 'goals: none measured'
        return
    fi
    case $(tail -n 1 "$tmp/$1" 2>/dev/null) in
    'goals: '*' of '*' met') pass "${when}its report is whole" ;;
    *) fail "${when}its report is whole" "its last line: $(tail -n 1 "$tmp/$1" 2>&1)" ;;
    esac
    if grep -q "$2" "$tmp/$1" 2>/dev/null; then
        pass "${when}there is a rate in it"
    else
        fail "${when}there is a rate in it" "no line is like $2"
    fi
}

# No process and no directory of a run is there any more.
smoke_leaves_nothing() {
    echo "$tmp/" >"$tmp/name" # and not in grep's own command line
    is 'nothing is left of it' \
        "$(cd "$tmp" && grep -alsF -f name /proc/[0-9]*/cmdline)$(ls -d "$tmp"/tmp.* 2>/dev/null)" ''
}
