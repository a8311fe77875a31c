#!/bin/sh
# tests/torture/clocks.sh -- clocks that jump change no timeout and no duration.
#
# CLOCK_REALTIME by a library, MONOTONIC and BOOTTIME by time namespaces: see
# clocks.py.  Short: 15 s; in full a minute.
limit=300
also="tests/torture"
built="tests/torture/jump.so"
. "${0%/*}/../it/lib.sh"

[ -z "$SAN" ] || it_skip_all "a sanitizer wants to be loaded first"
. "$T/src/tests/torture/torture.sh"
torture_conf 'route "/half" { argv = { "sleep", "0.5" } param "m" { type = text env = "M" } }' \
    'route "/second" { argv = { "sleep", "30" } timeout = 1s grace = 100ms }' \
    'log { stderr = yes syslog = no }'
serve_web
torture "while the time of day jumps by hours and years, timeouts and durations are right" \
    clocks.py jumps
torture "in a time namespace with other clocks they are right too" clocks.py namespace
finish
