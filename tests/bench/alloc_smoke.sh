#!/bin/sh
# tests/bench/alloc_smoke.sh -- bench/run-alloc comes to its end and leaves nothing; what it measures is not looked at.
set -u

# shellcheck source=tests/bench/lib.sh
. "${top_srcdir:-.}/tests/bench/lib.sh"

# Where programs for this build need an emulator, by that.
run() { # PROGRAM ARGUMENT...
    program=$1
    shift
    # shellcheck disable=SC2086 # words on purpose
    timeout 60 ${CMON_EMULATOR-} "$build/bench/alloc/$program" "$@" 2>&1
}

# What is timed where the counter is coarse, on a Raspberry Pi.  The emulator leaves
# firstfit's sbrk(2) no room.
four_mib() {
    for who in arena bins glibc cmon2 span bump; do
        line=$(run slice -s 0.002 "$who" touched-4m)
        case $line in
        "slice $who touched-4m "*' rate='[1-9]*) ;;
        *) echo "$who: $line" ;;
        esac
    done
}

smoke alloc
smoke_report ALLOC.md '^| cmon2 | [1-9]'
# A library that is not installed is skipped; whoever fails is not.
emulated || is 'nobody fails at a workload' "$(grep '^[0-9]* failed' "$build/bench/alloc-results.txt")" ''
is 'the arena is among the contenders' "$(run slice -l contenders | grep -c '^arena: ')" 1
is 'blocks of 4 MiB can be timed' "$(four_mib)" ''
is 'the model places blocks by every rule' \
    "$(run fit 20000 | awk -F '|' '$3 > 1 && $3 < 2 { n++ } END { print n + 0, NR }')" '8 8'
smoke_leaves_nothing
finish
