# tests/it/lib.sh -- what the end-to-end tests share: a place of their own, TAP, time.
#
# A test sources it first.  The first pass makes a private directory, copies
# there what the test needs, and runs the script again inside, with a clean
# environment, under a time limit, and as nobody when we are root (cmon does
# not serve as root, and a clone below a 0700 home is out of everybody's
# reach).  When that ends, however it ends, the directory goes, and so does
# every process whose command line carries its name.
#
# Before sourcing a test may set
#   limit    seconds until a hang is a failure
#   also     files and folders of the source tree that it needs, below src/
#   built    files of the build directory that it needs, beside cmon
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
    cp "$it_src"/tests/it/lib.sh "$it_src"/tests/it/serve.sh "$it_src"/tests/it/fcgi_raw.py "$0" "$T/it"
    cp "$it_src"/nginx/*.conf* "$T/nginx" 2>/dev/null
    # shellcheck disable=SC2086 # words on purpose
    [ -z "${also-}" ] || (cd "$it_src" && mkdir "$T/src" && cp -R --parents $also "$T/src")
    # shellcheck disable=SC2086
    [ -z "${built-}" ] || (cd "$it_build" && cp $built "$T")
    san=$(sed -n 's/^S\["SAN_CFLAGS"\]="-fsanitize=\([a-z]*\).*/\1/p' "$it_build/config.status")
    chmod -R go-w,u+w "$T"
    [ -z "$as" ] || chown -R nobody:nogroup "$T"

    # A sanitizer makes a process several times slower, and two of these tests
    # may share a slow core.
    : "${limit:=60}"
    [ -z "$san" ] || limit=$((limit * 3))
    # shellcheck disable=SC2086 # $as is words on purpose
    env -i PATH="$PATH:/usr/sbin:/sbin" HOME="$T/home" LANG=C.UTF-8 TMPDIR="$T" T="$T" \
        SAN="$san" CMON_FULL="${CMON_FULL-}" CMON_TORTURE="${CMON_TORTURE-}" \
        CMON_SOAK="${CMON_SOAK-}" CMON_RUNS="${CMON_RUNS-}" CMON_WAY="${CMON_WAY-}" \
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
SOCK_MODE=0600
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

# shellcheck source=tests/it/serve.sh
. "$T/it/serve.sh"
