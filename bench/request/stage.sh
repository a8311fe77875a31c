# shellcheck shell=bash disable=SC2034,SC2154 # what the one who sources sets or uses
# bench/request/stage.sh -- where run-request measures: nginx and the peers, on loopback, in $tmp.
#
# Sourced by bench/run-request, which sets
#   src    the top of the sources              tmp      a directory of our own
#   build  where cmon and bench/ are built     cores    how many may be used
#   cases  what each peer runs                 at_once  empty, or how many
#                                                       requests at once to be ready for
# A peer NAME is one file of functions in request/peers/:
#   NAME_packages  prints the Debian packages that it needs
#   NAME_version   prints a line: what it is, how it is set up
#   NAME_location  prints nginx locations, one path /NAME/CASE for each case
#   NAME_start     starts it with stage_run
# and, where needed, NAME_build (compiles with $cc into $build/bench), NAME_http
# (prints what nginx wants at http level) and NAME_url CASE (for one that is a
# web server itself).  It answers 200 to the token $key and 401 to $wrong;
# nothing else is asked of it.

key=$(od -An -N32 -tx1 /dev/urandom | tr -d ' \n') wrong=${key//[0-9]/a}
declare -A ports=() leaders=()
port=$((20000 + $$ % 10000))
first_of= # a peer whose time to its first answer is measured instead of served

# stage_run NAME COMMAND...: starts a server that does not leave the foreground,
# in a session of its own.
stage_run() {
    local name=$1
    shift
    if [ "$first_of" = "$name" ]; then
        "$build/bench/request/first" "access_token: $key" "$(url "$name" true)" "$@" \
            2>"$tmp/$name.log"
        return
    fi
    setsid "$@" >"$tmp/$name.log" 2>&1 </dev/null &
    leaders[$name]=$!
}

# Prints the processes of our sessions: leader's pid, pid, ticks used by it and
# by the children that it has waited for, name.
stage_processes() {
    { cat /proc/[0-9]*/stat 2>/dev/null || :; } | awk -v leaders="${leaders[*]}" '
    BEGIN { n = split(leaders, l, " "); while (n) ours[l[n--]] }
    {
        name = $0
        sub(/^[0-9]+ \(/, "", name)
        sub(/\) [A-Z] .*/, "", name)
        rest = $0
        sub(/.*\) /, "", rest)
        split(rest, f, " ")
        if (f[4] in ours && f[1] != "Z")
            print f[4], $1, f[12] + f[13] + f[14] + f[15], name
    }'
}

# Ends what was started, and nothing else.
stage_stop() {
    local pid
    for pid in "${leaders[@]}"; do
        kill -- "-$pid" 2>/dev/null || :
    done
    for pid in "${leaders[@]}"; do
        wait "$pid" 2>/dev/null || :
        kill -KILL -- "-$pid" 2>/dev/null || :
    done
    leaders=()
}

# Sets `port` to the next one of 127.0.0.1 that nobody listens on (curl's 7: refused).
find_port() {
    local rc=0
    port=$((port + 1))
    while curl -s -m 2 -o /dev/null "http://127.0.0.1:$port/" || rc=$? && [ "$rc" -ne 7 ]; do
        port=$((port + 1)) rc=0
    done
}

# fastcgi_cases NAME SOCKET SCRIPT: locations for a peer that speaks FastCGI, as
# the packages' own examples have them.
fastcgi_cases() {
    local case
    for case in $cases; do
        cat <<END
        location = /$1/$case {
            gzip off;
            include fastcgi_params;
            fastcgi_param SCRIPT_FILENAME $3;
            fastcgi_param BENCH_KEY $key;
            fastcgi_param COMMAND "$(program "$case")";
            fastcgi_pass unix:$2;
        }
END
    done
}

# proxy_kept NAME and proxy_location NAME: a peer that speaks HTTP, with kept
# connections as nginx's documentation of `keepalive` has them.
proxy_kept() {
    printf 'upstream %s { server 127.0.0.1:%s max_fails=0; keepalive 64; keepalive_requests 1000000000; }\n' \
        "$1" "${ports[$1]}"
}

proxy_location() {
    cat <<END
        location /$1/ {
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_pass http://$1;
        }
END
}

print_nginx_conf() {
    local peer
    # Everything is in a private directory, which no other user can enter.
    [ "$(id -u)" -ne 0 ] || echo 'user root;'
    cat <<END
worker_processes $cores;
pid $tmp/nginx.pid;
error_log $tmp/error.log error;
events {
    worker_connections 4096;
}
http {
    access_log off;
    keepalive_requests 1000000000;
    client_body_temp_path $tmp/body;
    proxy_temp_path $tmp/proxy;
    fastcgi_temp_path $tmp/fastcgi;
    uwsgi_temp_path $tmp/uwsgi;
    scgi_temp_path $tmp/scgi;
    underscores_in_headers on;
END
    for peer; do
        ! declare -F "${peer}_http" >/dev/null || "${peer}_http"
    done
    cat <<END
    server {
        listen 127.0.0.1:${ports[nginx]} backlog=4096;
        location /nginx/ {
            return 200 "{}\n";
        }
END
    for peer; do
        "${peer}_location"
    done
    printf '    }\n}\n'
}

# url SUBJECT CASE
url() {
    if declare -F "$1_url" >/dev/null; then
        "$1_url" "$2"
    else
        echo "http://127.0.0.1:${ports[nginx]}/$1/$2"
    fi
}

# get URL TOKEN: prints the status, once there is one that is not nginx's own
# 502.  The body is in $tmp/answer.
get() {
    local code='' try
    for ((try = 0; try < 50; try++)); do
        code=$(curl -s -m 10 -o "$tmp/answer" -w '%{http_code}' -H "access_token: $2" "$1") || :
        [ "$code" = 000 ] || [ "$code" = 502 ] || break
        sleep 0.1
    done
    echo "$code"
}

# stage_start PEER...: starts nginx and these.
stage_start() {
    local peer stock
    stock=$(nginx -V 2>&1 | sed -n 's/.*--conf-path=\([^ ]*\)\/.*/\1/p')
    cp "$stock/fastcgi_params" "$tmp/"
    for peer in nginx "$@"; do
        find_port
        ports[$peer]=$port
    done
    print_nginx_conf "$@" >"$tmp/nginx.conf"
    for peer; do
        [ "$peer" = "$first_of" ] || "${peer}_start"
    done
    stage_run nginx nginx -p "$tmp" -c "$tmp/nginx.conf" -g 'daemon off;'
    [ "$(get "$(url nginx x)" x)" = 200 ] || die "nginx does not answer: $(tail -n 3 "$tmp/nginx.log")"
}

# stage_complaint PEER: says what is wrong with its answers, if anything is:
# nothing is measured that does not work.
stage_complaint() {
    local code case size
    for case in $cases; do
        case $case in nap | sleep | doze) continue ;; esac
        code=$(get "$(url "$1" "$case")" "$key")
        [ "$code" = 200 ] ||
            echo "answers $code to /$case: $(head -c 300 "$tmp/answer") $(tail -n 3 "$tmp/$1.log" "$tmp/error.log")"
        size=$(wc -c <"$tmp/answer")
        case $case in
        uptime) grep -q 'load average' "$tmp/answer" || echo "says nothing of uptime" ;;
        output) [ "$size" -ge 1048576 ] || echo "says $size bytes instead of 1 MiB" ;;
        esac
    done
    code=$(get "$(url "$1" true)" "$wrong")
    [ "$code" = 401 ] || echo "answers $code to a wrong token"
}

# stage_memory PEER: "pss_kb=N dirty_kb=N processes=N", without the commands that it runs.
stage_memory() {
    local leader=${leaders[$1]} sid pid rest name
    stage_processes | while read -r sid pid rest name; do
        [ "$sid" != "$leader" ] || [ "$name" = sleep ] || cat "/proc/$pid/smaps_rollup" 2>/dev/null || :
    done | awk '
        /^Rss:/ { n++ }
        /^Pss:/ { pss += $2 }
        /^Private_Dirty:/ { dirty += $2 }
        END { printf "pss_kb=%d dirty_kb=%d processes=%d\n", pss, dirty, n }'
}
