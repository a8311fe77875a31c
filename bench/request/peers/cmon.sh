# shellcheck shell=bash disable=SC2154 # what stage.sh and run-request set
# bench/request/peers/cmon.sh -- cmon under spawn-fcgi, set up as its documentation recommends.

cmon_packages() {
    echo spawn-fcgi
}

cmon_version() {
    local lib
    lib=$(dpkg-query -W -f '${Version}' libfcgi0ldbl 2>/dev/null) || lib='of this system'
    echo "$("$build/cmon" --version) with libfcgi $lib, the shipped location, max_running = 3 a core"
}

# The location that we ship, on a socket of our own.
cmon_location() {
    sed "s|unix:/run/cmon/cmon.sock|unix:$tmp/cmon.sock|" "$src/nginx/cmon.conf"
}

# Three commands a core: fewer leave a core idle while one ends and the next
# begins, more only wait for each other.
cmon_conf() {
    local case log=no
    # A log that goes nowhere is warned of at the start, by syslog's way to the
    # console where nobody serves it: 1.5 ms that no answer waits for elsewhere.
    [ "$first_of" != cmon ] || log=yes
    cat <<END
key_file = "$tmp/cmon.key"
builtin_routes = no
max_running = ${at_once:-$((3 * cores))}
queue = 1024
log { stderr = $log  syslog = no }
END
    for case in $cases; do
        printf 'route "/%s" { argv = { %s } }\n' "$case" \
            "$(program "$case" | sed 's/[^ ][^ ]*/"&",/g; s/,$//')"
    done
}

# As much as one file can hold of what costs memory: every kind of parameter, of
# output, of input and of limits, runs that are shared, the built-in routes, delays,
# syslog.  For a figure of idle memory.
cmon_conf_everything() {
    cat <<END
key_file = "$tmp/cmon.key"
log { stderr = yes  syslog = yes }
delays = yes
env = { "STAGE=bench" }
pids = 1000
limits { core = 0  nofile = 256 }
route "/everything" {
    method = { POST }
    argv = { "/bin/echo", "{branch}", "{number}", "{choice}", "{text}", "{yes}", "{file}" }
    param "branch" { type = git-branch  default = "main" }
    param "number" { type = int  min = 1  max = 9 }
    param "choice" { type = enum  values = { "one", "two" } }
    param "text" { type = text  pattern = "[a-z]+( [a-z]+)*" }
    param "yes" { type = bool }
    param "file" { type = path  root = "$tmp"  env = "FILE" }
}
route "/body" {
    method = { POST }
    argv = { "/bin/cat" }
    stdin = body
    body_max = 1M
    output = split
    output_keep = tail
}
route "/raw" {
    argv = { "/bin/echo", "<svg/>" }
    output = raw
    content_type = "image/svg+xml"
}
route "/shared" {
    method = { POST }
    argv = { "/bin/true" }
    max_running = 1
    on_busy = coalesce
    on_disconnect = continue
    detach = yes
}
route "/limited" {
    argv = { "/bin/true" }
    memory = 64M
    cpus = 0.5
    pids = 16
    limits { nice = 5  ionice = idle  nofile = 64  cpu = 5  as = 1G  fsize = 1M  stack = 1M }
}
END
}

cmon_start() {
    rm -f "$tmp/cmon.sock"
    (umask 077 && echo "$key" >"$tmp/cmon.key" && "cmon_conf${everything:+_everything}" >"$tmp/cmon.conf")
    stage_run cmon spawn-fcgi -n -s "$tmp/cmon.sock" -M 0600 -b 4096 -- \
        "$build/cmon" -c "$tmp/cmon.conf"
}
