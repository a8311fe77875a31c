# shellcheck shell=bash disable=SC2154 # what stage.sh and run-request set
# bench/request/peers/lighttpd.sh -- lighttpd's mod_cgi with a small CGI program in C, peers/cgi.c.
#
# A web server itself: asked directly, which spares it a hop that others have.

lighttpd_packages() {
    echo lighttpd
}

lighttpd_version() {
    echo "$(lighttpd -v | sed 's/ (.*//;q'), mod_cgi, asked directly, a CGI program in C"
}

lighttpd_location() {
    :
}

lighttpd_url() {
    echo "http://127.0.0.1:${ports[lighttpd]}/lighttpd/$1"
}

lighttpd_conf() {
    local case
    cat <<END
server.modules = ( "mod_setenv", "mod_alias", "mod_cgi" )
server.document-root = "$tmp"
server.bind = "127.0.0.1"
server.port = ${ports[lighttpd]}
server.errorlog = "$tmp/lighttpd.err"
server.max-keep-alive-requests = 1000000000
server.max-fds = 8192
server.max-connections = 2048
server.listen-backlog = 4096
cgi.assign = ( "/cgi" => "" )
END
    for case in $cases; do
        cat <<END
\$HTTP["url"] == "/lighttpd/$case" {
    alias.url = ( "/lighttpd/$case" => "$build/bench/request/peers/cgi" )
    setenv.set-environment = ( "BENCH_KEY" => "$key", "COMMAND" => "$(program "$case")" )
}
END
    done
}

lighttpd_start() {
    lighttpd_conf >"$tmp/lighttpd.conf"
    stage_run lighttpd lighttpd -D -f "$tmp/lighttpd.conf"
}
