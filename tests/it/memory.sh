#!/bin/sh
# tests/it/memory.sh -- memory stays warm under load, falls after a burst, and then the responder rests.
limit=120
. "${0%/*}/lib.sh"
[ -z "$SAN" ] || it_skip_all "a sanitizer keeps memory"

# Another user's maps and system calls are for those who may dump it.
conf <<'EOC'
core_dumps = yes
max_running = 8
route "/true" { argv = { "true" } }
route "/big"  { argv = { "sh", "-c", "head -c 4000000 /dev/zero; sleep 0.3" } output_max = "4M" }
EOC
serve
serve_web

rss() { # KiB
    awk '/^VmRSS/ { print $2 }' "/proc/$pid/status"
}

has_fallen() {
    [ "$(rss)" -le $((before + 3 * 1024)) ]
}

faults() { # minor ones of all its threads
    awk '{ sub(/.*\) /, ""); print $8 }' "/proc/$pid/stat"
}

wakes() { # voluntary switches of all its threads
    cat /proc/"$pid"/task/*/status | awk '/^voluntary_ctxt/ { n += $2 } END { print n }'
}

rests() { # for longer than the arena would let it
    quiet=$(wakes)
    sleep 4
    [ "$(wakes)" = "$quiet" ]
}

codes() {
    for i in 1 2 3 4 5 6; do echo "$(cat "b$i.code")"; done | sort | uniq -c | xargs
}

burst() {
    for i in 1 2 3 4 5 6; do
        ask_meanwhile "b$i" GET /big
        eval "p$i=$asked"
    done
    wait "$p1" "$p2" "$p3" "$p4" "$p5" "$p6"
}

warm_up() {
    for _ in 1 2 3 4 5 6 7 8 9 10; do ask GET /true; done
}

# A page that is faulted in for each block would be two a request, and as many for its output.
warm_up
before=$(faults)
for _ in 1 2 3 4 5; do warm_up; done
cost=$(($(faults) - before))
ok "fifty requests cost $cost page faults" [ "$cost" -le 5 ]
before=$(rss)
burst
peak=$(rss)
is "six large answers" "$(codes)" "6 200"
note "RSS $before KiB, after the burst $peak KiB"
ok "leave their memory warm" [ "$peak" -ge $((before + 16 * 1024)) ]
ok "which is given back within seconds" within 12 has_fallen
note "RSS $(rss) KiB"
ok "a responder with nothing to do comes to rest" within 30 rests
burst
is "the next burst is answered as well" "$(codes)" "6 200"

# Where what could be written to is counted, only what a run needs is.
stop
conf <<'EOC'
core_dumps = yes
max_running = 8
route "/true"  { argv = { "true" } }
route "/some"  { argv = { "head", "-c", "500000", "/dev/zero" } }
route "/plain" { argv = { "sh", "-c", "head -c 8000000 /dev/zero | tr '\\0' x" } output_max = "10M" }
route "/wide"  { argv = { "head", "-c", "4000000", "/dev/zero" } output_max = "4M" }
EOC
serve prlimit --data=4294967296
data=$(awk '/^VmData/ { print $2 }' "/proc/$pid/status")
size=$(awk '/^VmSize/ { print $2 }' "/proc/$pid/status")
ok "under a limit on data the arena is not charged ($data of $size KiB)" [ "$data" -lt $((size / 4)) ]
ask GET /true
prlimit --pid "$pid" --data=$(((data + 5 * 1024) * 1024))
ask GET /some
is "5 MiB hold half a megabyte, escaped" "$code $(json '.data | length') $(json .truncated)" "200 500000 false"
ask GET /plain
is "of eight there is room for four, which cannot be told" "$code $(json .message)" \
    "503 arena exhausted: the command has run, its output is lost"
ask GET /wide
is "as is more than fits when escaped" "$code $(json .exit_code)" "503 0"
ask GET /some
is "and then it is as before" "$code $(json '.data | length') $(json .truncated)" "200 500000 false"

# A hardened arena does the same, and finds nothing.
stop
conf <<'EOC'
core_dumps = yes
max_running = 8
arena { hardened = yes }
route "/some"  { argv = { "head", "-c", "500000", "/dev/zero" } }
route "/words" { argv = { "echo", "one two" } }
route "/raw"   { argv = { "head", "-c", "500000", "/dev/zero" } output = raw content_type = "application/octet-stream" }
EOC
serve
for _ in 1 2 3 4 5; do
    ask GET /some
    is "hardened: half a megabyte" "$code $(json '.data | length') $(json .truncated)" "200 500000 false"
    ask GET '/words?_split=1'
    is "hardened: apart" "$code $(json .stdout)" "200 one two"
    ask GET /raw
    is "hardened: raw" "$code $(wc -c <body)" "200 500000"
done
sleep 5
like "and nobody has written to what was free" "$(grep -c 'after it was freed' "$LOG")" '^0$'

finish
