#!/bin/sh
# tests/torture/markers.sh -- 64 at a time: no answers mixed up, no descriptor leaked into a command, no zombie.
#
# See markers.py.  Short: 64 times 50 runs, about 15 s; in full 64 times 500
# (10,000 and more) in two minutes; CMON_RUNS=640000 has 64 times 10,000.
limit=7200
also="tests/torture"
. "${0%/*}/../it/lib.sh"

. "$T/src/tests/torture/torture.sh"
torture_conf 'route "/mark" {' \
    '    argv = { "sh", "-c", "echo m$M; ls /proc/self/fd | tr \"\\n\" \" \"; echo; echo m$M; exit $C" }' \
    '    param "m" { type = text env = "M" }' \
    '    param "c" { type = int env = "C" }' \
    '}'
serve_web
runs=3200
[ -z "$CMON_TORTURE" ] || runs=$((32000 * CMON_TORTURE / 100 + 3200))
[ -z "$SAN" ] || runs=640
runs=${CMON_RUNS:-$runs}
torture "$runs runs, 64 at a time, each have their own output, descriptors 0 to 2, and leave no zombie" \
    markers.py $runs
finish
