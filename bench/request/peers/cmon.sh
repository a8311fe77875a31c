# shellcheck shell=bash disable=SC2154 # what stage.sh and run-request set
# bench/request/peers/cmon.sh -- cmon under spawn-fcgi, set up as its documentation recommends.

cmon_version() {
    local lib
    lib=$(dpkg-query -W -f '${Version}' libfcgi0ldbl 2>/dev/null) || lib='of this system'
    echo "$("$build/cmon" --version) with libfcgi $lib"
}

# The location that we ship, on a socket of our own.
cmon_location() {
    sed "s|unix:/run/cmon/cmon.sock|unix:$tmp/cmon.sock|" "$src/nginx/cmon.conf"
}

# Three commands a core: fewer leave a core idle while one ends and the next
# begins, more only wait for each other.
cmon_conf() {
    local case
    cat <<END
key_file = "$tmp/cmon.key"
builtin_routes = no
max_running = $((3 * cores))
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
