#!/bin/sh
# tests/bench/smoke.sh -- bench/run-request comes to its end and leaves nothing; what it measures is not looked at.
set -u
PATH=$PATH:/usr/sbin:/sbin

# shellcheck source=tests/bench/lib.sh
. "${top_srcdir:-.}/tests/bench/lib.sh"

smoke request nginx spawn-fcgi curl taskset setsid
smoke_report REPORT.md '^| true | 16 | [1-9]'

# What --where tells, from a moment of load.
if emulated; then
    is 'nor does --where tell anything' "$(BUILD=$build "$src/bench/run-request" --where --smoke 2>&1 | tail -n 1)" \
        'goals: none measured'
else
    TMPDIR=$tmp BUILD=$build "$src/bench/run-request" --where --smoke >"$tmp/where" 2>"$tmp/said"
    is '--where tells who takes what of each request' \
        "$(awk '$2 ~ /^(cmon|least)$/ && NF == 7 && $4 > 0 && $5 > 0 { print $1 "/" $2 }' "$tmp/where" | tr '\n' ' ')" \
        'true/cmon true/least nothing/cmon nothing/least output/cmon output/least refuse/cmon refuse/least '
fi

# What idle memory is measured with.
mkdir "$tmp/everything"
(umask 077 && head -c 32 /dev/zero | od -An -v -tx1 | tr -d ' \n' >"$tmp/everything/cmon.key")
# shellcheck disable=SC2016 # bash's own
tmp=$tmp/everything bash -c '. "$1"; cmon_conf_everything' sh "$src/bench/request/peers/cmon.sh" >"$tmp/everything/cmon.conf"
if "$build/cmon" check-config -c "$tmp/everything/cmon.conf" >"$tmp/said" 2>&1; then
    pass 'everything that is configured for a figure of memory is no mistake'
else
    fail 'everything that is configured for a figure of memory is no mistake' "$(cat "$tmp/said")"
fi
smoke_leaves_nothing
finish
