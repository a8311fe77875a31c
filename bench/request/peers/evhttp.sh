# shellcheck shell=bash disable=SC2154 # what stage.sh and run-request set
# bench/request/peers/evhttp.sh -- one thread with libevent's evhttp that forks and waits, peers/evhttp.c.

evhttp_packages() {
    echo libevent-dev
}

evhttp_build() {
    "$cc" -O2 -o "$build/bench/evhttp" "$here/peers/evhttp.c" -levent
}

evhttp_version() {
    echo "evhttp of libevent $(dpkg-query -W -f '${Version}' libevent-dev), one thread, fork and wait (CMon's design), behind nginx, kept connections"
}

evhttp_http() {
    proxy_kept evhttp
}

evhttp_location() {
    proxy_location evhttp
}

evhttp_start() {
    local case commands=()
    for case in $cases; do
        commands+=("$case=$(program "$case")")
    done
    BENCH_KEY=$key stage_run evhttp "$build/bench/evhttp" "${ports[evhttp]}" "${commands[@]}"
}
