# shellcheck shell=bash disable=SC2034,SC2154 # what the one who sources sets or uses
# bench/request/stage.sh -- where run-request measures: nginx and the peers, on loopback, in $tmp.
#
# Sourced by bench/run-request, which sets
#   src    the top of the sources              tmp    a directory of our own
#   build  where cmon and bench/ are built     cores  how many may be used
#   peers  names of files in request/peers/    cases  what each of them runs
# A peer NAME is one file of functions: NAME_version prints a line, NAME_location
# prints its nginx location /NAME/ with one path below it for each case, and
# NAME_start starts it with stage_run.  It answers 200 to the token $key and 401
# to $wrong; nothing else is asked of it.

key=$(od -An -N32 -tx1 /dev/urandom | tr -d ' \n') wrong=${key//[0-9]/a}
pids=()
port=

# stage_run NAME COMMAND...: starts a server that does not leave the foreground.
stage_run() {
    local name=$1
    shift
    "$@" >"$tmp/$name.log" 2>&1 &
    pids+=($!)
}

# Ends what was started, and nothing else.
stage_stop() {
    local pid
    for pid in "${pids[@]}"; do
        kill "$pid" 2>/dev/null || :
    done
    for pid in "${pids[@]}"; do
        wait "$pid" || :
    done
    pids=()
}

# Finds a port of 127.0.0.1 that nobody listens on (curl's 7: refused).
find_port() {
    local rc=0
    port=$((20000 + $$ % 10000))
    while curl -s -o /dev/null "http://127.0.0.1:$port/" || rc=$? && [ "$rc" -ne 7 ]; do
        port=$((port + 1)) rc=0
    done
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
    client_body_temp_path $tmp/body;
    proxy_temp_path $tmp/proxy;
    fastcgi_temp_path $tmp/fastcgi;
    uwsgi_temp_path $tmp/uwsgi;
    scgi_temp_path $tmp/scgi;
    underscores_in_headers on;
    server {
        listen 127.0.0.1:$port;
        location /nginx/ {
            return 200 "{}\n";
        }
END
    for peer in $peers; do
        "${peer}_location"
    done
    printf '    }\n}\n'
}

# url SUBJECT CASE
url() {
    echo "http://127.0.0.1:$port/$1/$2"
}

# get URL TOKEN: prints the status, once there is one that is not nginx's own
# 502.  The body is in $tmp/answer.
get() {
    local code='' try
    for ((try = 0; try < 50; try++)); do
        code=$(curl -s -o "$tmp/answer" -w '%{http_code}' -H "access_token: $2" "$1") || :
        [ "$code" = 000 ] || [ "$code" = 502 ] || break
        sleep 0.1
    done
    echo "$code"
}

# Starts nginx and every peer.
stage_start() {
    local peer stock
    stock=$(nginx -V 2>&1 | sed -n 's/.*--conf-path=\([^ ]*\)\/.*/\1/p')
    cp "$stock/fastcgi_params" "$tmp/"
    find_port
    print_nginx_conf >"$tmp/nginx.conf"
    for peer in $peers; do
        "${peer}_start"
    done
    stage_run nginx nginx -p "$tmp" -c "$tmp/nginx.conf" -g 'daemon off;'
}

# Says what is wrong with the answers, if anything is: nothing is measured that
# does not work.
stage_complaint() {
    local peer code case
    code=$(get "$(url nginx x)" x)
    [ "$code" = 200 ] || echo "nginx answers $code: $(tail -n 3 "$tmp/nginx.log")"
    for peer in $peers; do
        for case in $cases; do
            code=$(get "$(url "$peer" "$case")" "$key")
            [ "$code" = 200 ] ||
                echo "$peer answers $code to /$case: $(cat "$tmp/answer" "$tmp/$peer.log")"
        done
        grep -q 'load average' "$tmp/answer" ||
            echo "$peer does not answer /uptime with uptime: $(cat "$tmp/answer")"
        code=$(get "$(url "$peer" true)" "$wrong")
        [ "$code" = 401 ] || echo "$peer answers $code to a wrong token"
    done
}
