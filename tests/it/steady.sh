#!/bin/sh
# tests/it/steady.sh -- a thousand requests leave descriptors, memory and zombies as they were.
limit=120
. "${0%/*}/lib.sh"

# Another user's limits and descriptors are looked at by ptrace rights, which
# the responder denies unless it may dump core.
conf <<'EOC'
core_dumps = yes
route "/true"  { argv = { "true" } }
route "/fail"  { argv = { "sh", "-c", "echo no; exit 1" } }
route "/zombie" { argv = { "sh", "-c", "sleep 0.01 & sleep 0.01 & echo x" } }
route "/big"   { argv = { "head", "-c", "200000", "/dev/zero" } }
route "/gone"  { argv = { "no-such-command" } }
EOC
serve
serve_web

many() { # COUNT PATH [curl option...]
    it_count=$1 it_path=$2
    shift 2
    for _ in $(seq "$it_count"); do
        echo "url = \"$URL$it_path\""
        echo "output = /dev/null"
    done >many.curl
    it_tls_curl -K many.curl -w '%{http_code}\n' "$@" 2>err >codes
    sort codes | uniq -c | xargs
}

mix() { # COUNT: of each kind
    many "$1" /true -H @key.header
    many "$1" /fail -H @key.header
    many "$1" /zombie -H @key.header
    many "$1" /big -H @key.header
    many "$1" /gone -H @key.header
    many "$1" /nope -H @key.header
    many "$1" '/true?x=1' -H @key.header
    many "$1" /true
}

fds() {
    ls "/proc/$pid/fd" 2>/dev/null | wc -l
}

rss() { # KiB
    awk '/^VmRSS/ { print $2 }' "/proc/$pid/status"
}

zombies() { # children of cmon that are not reaped, and processes that are left
    sed -n "s/^[0-9]* (.*) \([A-Z]\) $pid .*/\1/p" /proc/[0-9]*/stat 2>/dev/null | xargs
}

settled() {
    [ "$(fds)" = "$fds" ] && [ -z "$(zombies)" ]
}

mix 40 >/dev/null
sleep 0.5
fds=$(fds)
before=$(rss)
[ "$fds" -gt 4 ] || fail "descriptors can be counted" "$fds"
if [ -n "$CMON_FULL" ]; then count=20000; else count=1000; fi
is "$count requests are answered" "$(many $count /true -H @key.header)" "$count 200"
ok "descriptors are as many as before ($fds)" within 5 settled
after=$(rss)
note "RSS before $before KiB, after $after KiB"
if [ -n "$SAN" ]; then
    skip "RSS is within 64 KiB of what it was" "a sanitizer keeps freed memory"
else
    ok "RSS is within 64 KiB of what it was ($before, $after)" \
        [ $((after - before)) -le 64 -a $((before - after)) -le 64 ]
fi
is "no zombie, no process is left" "$(zombies)" ""

is "refusals and failures, 60 of each kind, are answered" "$(mix 60 | xargs)" \
    "60 200 60 500 60 200 60 200 60 500 60 404 60 400 60 401"
ok "descriptors are as many as before all of them" within 5 settled
if [ -z "$SAN" ]; then
    note "RSS $(rss) KiB"
    ok "and so is RSS" [ $(($(rss) - after)) -le 64 ]
fi
is "no process is left of them" "$(zombies)" ""

# The same from one kept FastCGI connection, which nginx is told not to use.
if [ -z "$SAN" ]; then count=500; else count=100; fi
words=
for _ in $(seq $count); do words="$words begin:flags=1 request:GET:/true key params params-end stdin-end read"; done
# shellcheck disable=SC2086
is "$count requests on one kept connection" "$(raw $words | grep -c '^Status: 200')" $count
ok "leave no descriptor" within 5 settled

finish
