# shellcheck shell=bash disable=SC2154 # what stage.sh and run-request set
# bench/request/peers/fcgiwrap.sh -- fcgiwrap with a small CGI program in C, peers/cgi.c.

fcgiwrap_packages() {
    echo fcgiwrap
}

fcgiwrap_version() {
    echo "fcgiwrap $(dpkg-query -W -f '${Version}' fcgiwrap), 8 workers a core, a CGI program in C"
}

fcgiwrap_location() {
    fastcgi_cases fcgiwrap "$tmp/fcgiwrap.sock" "$build/bench/request/peers/cgi"
}

fcgiwrap_start() {
    rm -f "$tmp/fcgiwrap.sock"
    stage_run fcgiwrap fcgiwrap -c "${at_once:-$((8 * cores))}" -s "unix:$tmp/fcgiwrap.sock"
}
