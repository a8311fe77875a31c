# shellcheck shell=bash disable=SC2154 # what stage.sh and run-request set
# bench/request/peers/fcgiwrap-sh.sh -- fcgiwrap with a CGI script for sh, peers/cgi.sh.

fcgiwrap-sh_packages() {
    echo fcgiwrap
}

fcgiwrap-sh_version() {
    echo "fcgiwrap $(dpkg-query -W -f '${Version}' fcgiwrap), 8 workers a core, a CGI script for sh ($(basename "$(readlink -f /bin/sh)"))"
}

fcgiwrap-sh_location() {
    fastcgi_cases fcgiwrap-sh "$tmp/fcgiwrap-sh.sock" "$here/peers/cgi.sh"
}

fcgiwrap-sh_start() {
    rm -f "$tmp/fcgiwrap-sh.sock"
    stage_run fcgiwrap-sh fcgiwrap -c "${at_once:-$((8 * cores))}" -s "unix:$tmp/fcgiwrap-sh.sock"
}
