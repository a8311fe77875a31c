#!/bin/bash
# bench/alloc/trace/record.sh -- records what the responder asks of its memory under load: bench/alloc/trace/requests.
#
# Usage: bench/alloc/trace/record.sh [LINES]
# Builds into $BUILD (build-bench/ unless set) a responder that tells (wrap.c),
# and puts it behind nginx.  Eight clients ask for commands that print from
# nothing to 1 MiB, with a wrong token too.  The trace is cut to LINES (default
# 12000), names become numbers, and what is alive at its end is given back.
set -euo pipefail
LC_ALL=C
PATH=$PATH:/usr/sbin:/sbin
export LC_ALL PATH

src=$(cd "$(dirname "$0")/../../.." && pwd)
build=${BUILD:-$src/build-bench}
lines=${1:-12000}
cases='true uptime files lines output'
at_once='' everything='' cores=2

program() { # CASE
    case $1 in
    true) echo /bin/true ;;
    uptime) command -v uptime ;;
    files) echo "$(command -v ls) -l /usr/bin" ;;
    lines) echo "$(command -v seq) 5000" ;;
    output) echo "$build/bench/mebibyte" ;;
    esac
}

tmp=$(mktemp -d)
# shellcheck source=bench/lib.sh
. "$src/bench/lib.sh"
# shellcheck source=bench/request/stage.sh
. "$src/bench/request/stage.sh"
# shellcheck source=bench/request/peers/cmon.sh
. "$src/bench/request/peers/cmon.sh"
trap 'stage_stop; rm -rf "$tmp"' EXIT

cmon_start() {
    (umask 077 && echo "$key" >"$tmp/cmon.key" && cmon_conf >"$tmp/cmon.conf")
    stage_run cmon env CMON_TRACE="$tmp/trace" spawn-fcgi -n -s "$tmp/cmon.sock" -M 0600 -b 4096 -- \
        "$build/bench/alloc/trace/cmon_traced" -c "$tmp/cmon.conf"
}

build_all bench-trace >&2
stage_start cmon
# The first of each is not like the others.
for case in $cases; do
    [ "$(get "$(url cmon "$case")" "$key")" = 200 ] || die "no answer to $case"
done
: >"$tmp/trace"
while [ "$(wc -l <"$tmp/trace")" -lt $((2 * lines)) ]; do
    loads=()
    for case in $cases true uptime; do
        "$build/bench/request/load" -c 1 -t 0.3 -e 200 -h "access_token: $key" "$(url cmon "$case")" >/dev/null &
        loads+=($!)
    done
    "$build/bench/request/load" -c 1 -t 0.05 -e 401 -h "access_token: $wrong" "$(url cmon true)" >/dev/null
    wait "${loads[@]}"
done
stage_stop
awk -v lines="$lines" -f "$src/bench/alloc/trace/number.awk" "$tmp/trace" >"$tmp/numbered"
cp "$tmp/numbered" "$src/bench/alloc/trace/requests"
wc "$src/bench/alloc/trace/requests"
