# tests/it/lib.sh -- what the end-to-end tests share: a place of their own, real servers, TAP.
#
# A test sources it first.  The first pass makes a private directory, copies
# there what the test needs, and runs the script again inside, with a clean
# environment, under a time limit, and as nobody when we are root (cmon does
# not serve as root, and a clone below a 0700 home is out of everybody's
# reach).  When that ends, however it ends, the directory goes, and so does
# every process whose command line carries its name.
#
# Nothing here or in a test may run the machine's real reboot(8): conf() turns
# that route into a recorder in every configuration.
#
# Before sourcing a test may set
#   limit    seconds until a hang is a failure
#   also     files and folders of the source tree that it needs, below src/
#   as_root  yes: it runs as root and is skipped for others

it_skip_all() {
    echo "1..0 # SKIP $1"
    exit 0
}

it_outer() {
    it_build=${top_builddir:-.}
    it_src=${top_srcdir:-${0%/*}/../..}
    name=${0##*/}
    for tool in nginx spawn-fcgi curl openssl python3 jq git prlimit setpriv timeout; do
        command -v $tool >/dev/null || it_skip_all "$tool is not installed"
    done
    [ -x "$it_build/cmon" ] || it_skip_all "$it_build/cmon is not built"
    [ "${as_root-}" != yes ] || [ "$(id -u)" = 0 ] || it_skip_all "needs root"

    tmp=${TMPDIR:-/tmp}
    as=
    if [ "$(id -u)" = 0 ]; then
        tmp=/tmp
    fi
    if [ "$(id -u)" = 0 ] && [ "${as_root-}" != yes ]; then
        as="setpriv --reuid=nobody --regid=nogroup --clear-groups --"
    fi
    T=$(mktemp -d "$tmp/cmon-it.XXXXXX") || exit 99
    trap 'it_sweep; rm -rf "$T"' EXIT
    trap 'exit 129' HUP INT TERM
    mkdir "$T/it" "$T/home" "$T/bin" "$T/nginx"
    cp "$it_build/cmon" "$T/cmon"
    cp "$it_src"/tests/it/lib.sh "$it_src"/tests/it/fcgi_raw.py "$0" "$T/it"
    cp "$it_src"/nginx/*.conf* "$T/nginx" 2>/dev/null
    # shellcheck disable=SC2086 # words on purpose
    [ -z "${also-}" ] || (cd "$it_src" && mkdir "$T/src" && cp -R --parents $also "$T/src")
    san=$(sed -n 's/^S\["SAN_CFLAGS"\]="-fsanitize=\([a-z]*\).*/\1/p' "$it_build/config.status")
    chmod -R go-w,u+w "$T"
    [ -z "$as" ] || chown -R nobody:nogroup "$T"

    # A sanitizer makes a process several times slower, and two of these tests
    # may share a slow core.
    : "${limit:=60}"
    [ -z "$san" ] || limit=$((limit * 3))
    # shellcheck disable=SC2086 # $as is words on purpose
    env -i PATH="$PATH:/usr/sbin:/sbin" HOME="$T/home" LANG=C.UTF-8 TMPDIR="$T" T="$T" \
        SAN="$san" CMON_FULL="${CMON_FULL-}" \
        ASAN_OPTIONS="log_path=$T/sanitizer:exitcode=99" \
        UBSAN_OPTIONS="log_path=$T/sanitizer:print_stacktrace=1" \
        TSAN_OPTIONS="log_path=$T/sanitizer:exitcode=99" \
        timeout -k 5 "$limit" $as sh "$T/it/$name" --inside </dev/null
    rc=$?
    [ $rc -ne 124 ] && [ $rc -ne 137 ] || echo "Bail out! $name has not ended after $limit s"
    exit $rc
}

# Ends what still carries the name of our directory.
it_sweep() {
    # shellcheck disable=SC2046
    kill -KILL $(grep -alsF "$T/" /proc/[0-9]*/cmdline | sed 's,[^0-9],,g') 2>/dev/null
}

[ "${1-}" = --inside ] || it_outer

cd "$T" || exit 99
umask 022
it_n=0
it_failed=0
pid=
web=
it_exec=
CMON=$T/cmon
CONF=$T/cmon.conf
SOCK=$T/cmon.sock
LOG=$T/cmon.log
KEY=$(openssl rand -hex 32)
(umask 077 && echo "$KEY" >client_secret.key && echo "access_token: $KEY" >key.header)
printf '#!/bin/sh\necho "$0 $*" >>%s/rebooted\necho recorded\n' "$T" >bin/reboot-recorder
chmod +x bin/reboot-recorder

# --- TAP ---------------------------------------------------------------------

note() {
    printf '%s\n' "$*" | sed 's/^/# /'
}

pass() {
    it_n=$((it_n + 1))
    echo "ok $it_n - $1"
}

fail() {
    it_n=$((it_n + 1))
    it_failed=$((it_failed + 1))
    echo "not ok $it_n - $1"
    shift
    [ $# -eq 0 ] || note "$*"
}

skip() { # PROMISE WHY
    it_n=$((it_n + 1))
    echo "ok $it_n - $1 # SKIP $2"
}

ok() { # PROMISE COMMAND...
    it_promise=$1
    shift
    if "$@" >ok.out 2>&1; then
        pass "$it_promise"
    else
        fail "$it_promise" "failed ($?): $*" "$(head -c 600 ok.out)"
    fi
}

is() { # PROMISE GOT WANT
    if [ "$2" = "$3" ]; then
        pass "$1"
    else
        fail "$1" "got:  $2
want: $3"
    fi
}

like() { # PROMISE GOT ERE
    if printf '%s\n' "$2" | grep -qE -- "$3"; then
        pass "$1"
    else
        fail "$1" "got:  $(printf '%s' "$2" | head -c 600)
want: $3"
    fi
}

# The last call of a test: servers end, and no sanitizer may have spoken.
finish() {
    stop_web
    stop
    for it_file in sanitizer.*; do
        [ ! -e "$it_file" ] || note "$(head -40 "$it_file")"
    done
    is "no sanitizer has complained" "$(ls sanitizer.* 2>/dev/null)" ""
    [ $it_failed -eq 0 ] || note "last words of cmon and nginx:
$(tail -n 15 "$LOG" web/error.log 2>/dev/null)"
    echo "1..$it_n"
    [ $it_failed -eq 0 ]
    exit
}

# --- time --------------------------------------------------------------------

now_ms() {
    date +%s%3N
}

within() { # SECONDS COMMAND...: waits until the command succeeds
    it_end=$(($(now_ms) + $1 * 1000))
    shift
    until "$@" 2>/dev/null; do
        [ "$(now_ms)" -lt $it_end ] || return 1
        sleep 0.02
    done
}

gone() { # PID: ended, reaped by its parent or not
    case $(sed 's/.*) //' "/proc/$1/stat" 2>/dev/null) in
    '' | Z* | X*) return 0 ;;
    esac
    return 1
}

# --- servers -----------------------------------------------------------------

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
    "$@" spawn-fcgi -n -s "$SOCK" -M 0600 -- "$CMON" -c "$CONF" >>"$LOG" 2>&1 &
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
