#!/bin/sh
# tests/bench/alloc_smoke.sh -- bench/run-alloc comes to its end and leaves nothing; what it measures is not looked at.
set -u

# shellcheck source=tests/bench/lib.sh
. "${top_srcdir:-.}/tests/bench/lib.sh"

smoke alloc
if grep -q '^this processor is emulated' "$tmp/said"; then
    for promise in 'its report is whole' 'there is a rate in it' 'nobody fails at a workload'; do
        skip "$promise" 'nothing is measured on an emulated processor'
    done
else
    smoke_report ALLOC.md '^| cmon2 | [1-9]'
    # A library that is not installed is skipped; whoever fails is not.
    is 'nobody fails at a workload' "$(grep '^[0-9]* failed' "$build/bench/alloc-results.txt")" ''
fi
smoke_leaves_nothing
finish
