# tests/it/serve.sh -- real servers and requests for the end-to-end tests; lib.sh sources it.
#
# Nothing here or in a test may run the machine's real reboot(8): conf() turns
# that route into a recorder in every configuration.

# Writes cmon.conf: standard input, after what every test needs.  Line 1 of the
# input is line 3 of the file.
conf() {
    {
        echo 'key_file = "client_secret.key"'
        echo "route \"/reboot\" { argv = { \"$T/bin/reboot-recorder\" } }"
        cat
    } >"$CONF"
}

said() { # ERE...: in the log
    grep -qE -- "$1" "$LOG"
}

# Starts cmon under spawn-fcgi; words before it ("prlimit --nofile=40") may be given.
serve() {
    : >>"$LOG"
    it_ready=$(grep -c ' ready' "$LOG")
    "$@" spawn-fcgi -n -s "$SOCK" -M "$SOCK_MODE" -- "$CMON" -c "$CONF" >>"$LOG" 2>&1 &
    pid=$!
    within 10 it_is_ready || fail "cmon gets ready" "$(tail -5 "$LOG")"
}

it_is_ready() {
    [ "$(grep -c ' ready' "$LOG")" -gt "$it_ready" ] || gone $pid
}

stop() { # [SIGNAL]; sets `ended`, the exit status
    [ -n "$pid" ] || return 0
    kill -"${1:-TERM}" "$pid" 2>/dev/null
    wait "$pid" 2>/dev/null
    ended=$?
    pid=
}

# nginx.conf from the shipped template.
it_nginx_conf() {
    sed "s,@ROOT_ONLY@,#,; s,@LISTEN@,127.0.0.1:$port,; s,@TLS_CERT@,$T/tls.crt,
        s,@TLS_KEY@,$T/tls.key,; s,@LOCATION@,$T/location.conf,; s,@LOGS@,$T/web,
        s,@STATE@,$T/web," nginx/server.conf.in
}

# Starts nginx with TLS on a free loopback port, as users are told to have it.
# With locations of its own (which leave "location /" alone) they stand instead
# of the shipped one.  Sets URL, under which the routes are.
serve_web() { # [LOCATIONS]
    mkdir -p web
    cp /etc/nginx/fastcgi_params .
    if [ -n "${1-}" ]; then
        echo "$1" >location.conf
    else
        sed "s,unix:/run/cmon/cmon.sock,unix:$SOCK," nginx/cmon.conf >location.conf
    fi
    [ -e tls.crt ] || openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 \
        -nodes -days 2 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1 \
        -keyout tls.key -out tls.crt 2>/dev/null
    for it_try in 1 2 3 4 5; do
        port=$((20000 + $(od -An -N2 -tu2 /dev/urandom) % 12000))
        it_nginx_conf >nginx.conf
        rm -f web/nginx.pid
        nginx -p "$T" -c nginx.conf -e web/error.log -g 'daemon off;' 2>>web/error.log &
        web=$!
        URL=https://127.0.0.1:$port
        [ -n "${1-}" ] || URL=$URL/cmon
        within 3 it_web_is_ready && [ -s web/nginx.pid ] && return
    done
    fail "nginx starts ($it_try tries)" "$(tail -5 web/error.log)"
}

it_web_is_ready() {
    [ -s web/nginx.pid ] || gone $web
}

stop_web() {
    [ -n "$web" ] || return 0
    kill -TERM "$web" 2>/dev/null
    wait "$web" 2>/dev/null
    web=
}

# --- requests ----------------------------------------------------------------

# One request through nginx with the key.  Sets `code`; leaves `head` and `body`.
ask() { # METHOD PATH [curl option...]
    ask_bare "$@" -H @key.header
}

ask_bare() { # the same without the key
    it_curl "" "$@"
    code=$(cat code)
}

# The same in the background: NAME.body and NAME.code, and `asked`, a pid to wait for.
ask_meanwhile() { # NAME METHOD PATH [curl option...]
    it_exec=exec it_curl "$@" -H @key.header &
    asked=$!
}

it_curl() { # NAME METHOD PATH [curl option...]
    it_to=${1:+$1.}
    it_method="-X $2 -o ${it_to}body"
    [ "$2" != HEAD ] || it_method="-I -o /dev/null" # it would write the header
    it_path=$3
    shift 3
    : >"${it_to}body"
    # shellcheck disable=SC2086
    it_tls_curl $it_method -D "${it_to}head" -w '%{http_code}' "$@" \
        "$URL$it_path" >"${it_to}code" 2>"${it_to}err"
}

it_tls_curl() { # with it_exec=exec, and in the background, $! is curl itself
    $it_exec curl -sS --http1.1 --path-as-is -g --cacert tls.crt -m 30 "$@"
}

answers() { # CODE METHOD PATH [curl option...]
    it_want=$1
    shift
    ask "$@"
    is "$1 $2 answers $it_want" "$code" "$it_want"
    [ "$code" = "$it_want" ] || note "$(head -c 400 body err)"
}

json() { # JQ-EXPRESSION: of the last answer
    jq -r "$1" body 2>&1
}

header() { # NAME: its value in the last answer
    sed -n "s/^$1: *\(.*\)\r\$/\1/Ip" head
}

# FastCGI without a web server, byte by byte; see fcgi_raw.py.
raw() {
    python3 "$T/it/fcgi_raw.py" "$SOCK" "$KEY" "$@"
}
