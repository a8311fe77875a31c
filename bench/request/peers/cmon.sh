# shellcheck shell=bash disable=SC2154 # what stage.sh and run-request set
# bench/request/peers/cmon.sh -- cmon under spawn-fcgi, set up as its documentation recommends.

cmon_version() {
    local lib
    lib=$(dpkg-query -W -f '${Version}' libfcgi0ldbl 2>/dev/null) || lib='of this system'
    echo "$("$build/cmon" --version) with libfcgi $lib"
}

# Kept connections to cmon stay off, as in the configuration that we ship.
cmon_location() {
    cat <<END
location /cmon/ {
    include $(nginx -V 2>&1 | sed -n 's/.*--conf-path=\([^ ]*\)\/.*/\1/p')/fastcgi_params;
    fastcgi_param HTTP_PROXY "";
    fastcgi_param CMON_PREFIX /cmon;
    fastcgi_pass unix:$tmp/cmon.sock;
    fastcgi_connect_timeout 5s;
    fastcgi_send_timeout 10s;
    fastcgi_read_timeout 60s;
    fastcgi_ignore_client_abort off;
    fastcgi_next_upstream off;
    fastcgi_buffering on;
    fastcgi_request_buffering on;
    client_max_body_size 64k;
    fastcgi_intercept_errors off;
}
END
}

cmon_conf() {
    local case
    cat <<END
key_file = "$tmp/cmon.key"
builtin_routes = no
max_running = $((2 * cores))
queue = 1024
log { stderr = no  syslog = no }
END
    for case in $cases; do
        printf 'route "/%s" { argv = { "%s" } }\n' "$case" "$(program "$case")"
    done
}

cmon_start() {
    (umask 077 && echo "$key" >"$tmp/cmon.key" && cmon_conf >"$tmp/cmon.conf")
    stage_run cmon spawn-fcgi -n -s "$tmp/cmon.sock" -M 0600 -- \
        "$build/cmon" -c "$tmp/cmon.conf"
}
