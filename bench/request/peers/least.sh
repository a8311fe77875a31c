# shellcheck shell=bash disable=SC2154 # what stage.sh and run-request set
# bench/request/peers/least.sh -- the least that a FastCGI responder can do, peers/least.c: a reference.

least_packages() {
    :
}

least_version() {
    echo "the least that a responder can do, a process a request: a reference for what nginx and the socket cost, no peer"
}

least_location() {
    sed "s|unix:/run/cmon/cmon.sock|unix:$tmp/least.sock|; s|/cmon/|/least/|; s|CMON_PREFIX /cmon|CMON_PREFIX /least|" "$src/nginx/cmon.conf"
}

least_start() {
    local case commands=()
    rm -f "$tmp/least.sock"
    for case in $cases; do
        commands+=("$case=$(program "$case")")
    done
    stage_run least env -i PATH=/usr/bin:/bin HOME=/ USER=bench LANG=C.UTF-8 "BENCH_KEY=$key" \
        "$build/bench/request/peers/least" "$tmp/least.sock" \
        "${at_once:-$((8 * cores))}" "${commands[@]}"
}
