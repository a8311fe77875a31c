#!/bin/sh
# tests/it/parallel.sh -- many at once: no answers mixed up, and nobody waits for a sleeper.
. "${0%/*}/lib.sh"

conf <<'EOC'
max_running = 256
queue = 64
route "/mark" {
    argv = { "sh", "-c", "sleep 0.$D; for i in 1 2 3 4 5 6 7 8; do echo $M; done; exit $C" }
    param "m" { type = text  env = "M" }
    param "d" { type = int  env = "D" }
    param "c" { type = int  env = "C" }
}
route "/sleep" { argv = { "sleep", "2" } }
route "/fast"  { argv = { "echo", "fast" } }
EOC
serve
serve_web

# 64 requests, each with a marker, a delay and an exit code of its own.
i=0
while [ $i -lt 64 ]; do
    echo "url = \"$URL/mark?m=marker-$i-$i&d=$((i % 3))&c=$((i % 2 * 7))\""
    echo "output = mark.$i"
    i=$((i + 1))
done >mark.curl
it_tls_curl -Z --parallel-immediate --parallel-max 64 -H @key.header -K mark.curl 2>err
mixed=
i=0
while [ $i -lt 64 ]; do
    want=$(printf "marker-$i-$i\\\\n%.0s" 1 2 3 4 5 6 7 8)
    case $(cat mark.$i) in
    *"\"data\":\"$want\",\"exit_code\":$((i % 2 * 7)),"*) ;;
    *) mixed="$mixed $i: $(head -c 200 mark.$i)" ;;
    esac
    i=$((i + 1))
done
is "64 at once: each has its own output and exit code" "$mixed" ""

# 200 sleepers, and one who only wants to know.
answers 200 GET /fast
begin=$(now_ms)
for _ in $(seq 250); do
    echo "url = \"$URL/sleep\""
    echo "output = /dev/null"
done >sleep.curl
head -400 sleep.curl >most.curl # two lines each
it_tls_curl -Z --parallel-immediate --parallel-max 200 -H @key.header -K most.curl \
    -w '%{http_code}\n' >codes 2>err &
sleepers=$!
sleep 1
beside=$(now_ms)
ask GET /fast
beside=$(($(now_ms) - beside))
is "a fast request beside 200 sleepers is answered" "$code $(json .data)" "200 fast"
note "beside them it took $beside ms"
ok "and does not wait for them ($beside ms)" [ $beside -lt 900 ]
wait $sleepers
took=$(($(now_ms) - begin))
is "all 200 were run" "$(sort codes | uniq -c | xargs)" "200 200"
most=10000 # on two loaded cores; alone it is 2.1 s
[ -z "$SAN" ] || most=9000
ok "side by side ($took ms)" [ $took -lt $most ]

# 500 at once, which is beyond what one curl does.
if [ -n "$CMON_FULL" ]; then
    stop
    sed -i 's/^max_running = .*/max_running = 500/' "$CONF"
    serve
    head -500 sleep.curl >half.curl # two lines each
    begin=$(now_ms)
    it_tls_curl -Z --parallel-immediate --parallel-max 250 -H @key.header -K half.curl \
        -w '%{http_code}\n' >codes.1 2>err.1 &
    half=$!
    it_tls_curl -Z --parallel-immediate --parallel-max 250 -H @key.header -K half.curl \
        -w '%{http_code}\n' >codes 2>err
    wait $half
    took=$(($(now_ms) - begin))
    is "all 500 were run" "$(cat codes codes.1 | sort | uniq -c | xargs)" "500 200"
    note "500 times sleep 2 took $took ms"
fi

# One at a time when the limit says so, in order of arrival, and all of them.
stop
conf <<EOC
max_running = 1
queue = 64
route "/append" { argv = { "sh", "-c", "test ! -e $T/busy && : >$T/busy && echo x >>$T/list; rm $T/busy" } }
EOC
serve
for _ in $(seq 30); do
    echo "url = \"$URL/append\""
    echo "output = /dev/null"
done >append.curl
it_tls_curl -Z --parallel-immediate --parallel-max 30 -H @key.header -K append.curl \
    -w '%{http_code}\n' >codes 2>err
is "with max_running = 1 none of 30 met another" "$(sort codes | uniq -c | xargs) $(wc -l <list)" "30 200 30"

finish
