#!/bin/sh
# tests/it/root_delays.sh -- what commands wait for, with the kernel's accounting off and on.
#
# kernel.task_delayacct is the machine's: whoever depends on it locks its file.
# Switching it on does no harm; what it was before comes back.
limit=150 as_root=yes
. "${0%/*}/lib.sh"

knob=/proc/sys/kernel/task_delayacct
[ -w $knob ] || it_skip_all "$knob cannot be written"
exec 9<$knob
flock -w 100 9 || it_skip_all "somebody else depends on kernel.task_delayacct for too long"
was=$(cat $knob)
trap 'echo "$was" >$knob' EXIT
trap 'exit 129' HUP INT TERM

cpu=$(taskset -cp $$ | sed 's/.*: //; s/[-,].*//')
conf <<EOC
delays = yes
route "/burn" { argv = { "taskset", "-c", "$cpu", "sh", "-c", "i=0; while [ \$i -lt 200000 ]; do i=\$((i + 1)); done" } }
route "/caps" { argv = { "grep", "^Cap[IPEA]", "/proc/self/status" } }
route "/threads" { argv = { "python3", "-c", "import threading, time
def nap():
    for i in range(50): time.sleep(0.001)
t = [threading.Thread(target=nap) for i in range(2)]
[x.start() for x in t]
[x.join() for x in t]" } }
route "/not"  { argv = { "true" }  delays = no }
EOC

raw_body() { # PATH: leaves `out`
    raw "good:GET:$1" read | sed '1,/^.\{0,1\}$/d; $d' >out
}

delays() { # FILE: of the answer in it
    jq -c '.usage.delays' "$1"
}

echo 0 >$knob
"$CMON" check-config -c "$CONF" >out 2>&1
case $(cat out) in
*"built without"* | *"the kernel has no"* | *"none that we can read"*)
    it_skip_all "$(sed -n 's/.*warning: delays: //p' out)"
    ;;
esac
like "off: check-config says how to switch it on" "$(cat out)" \
    'cmon\.conf:3: warning: delays: .*sysctl kernel.task_delayacct=1'
"$CMON" run -c "$CONF" --json /caps >out
is "off: there are no delays" "$(delays out)" null
"$CMON" run -c "$CONF" --usage /not >out 2>err
like "off: run --usage says so" "$(tail -1 err)" '^no delays: kernel.task_delayacct is off'

echo 1 >$knob
sed 's/^delays = yes/delays = no/' "$CONF" >off.conf
"$CMON" check-config -c off.conf >out 2>&1
is "on: who wants none is told that they could be had" "$(grep delays out)" "delays: off; the kernel would tell"
"$CMON" check-config -c "$CONF" >out 2>&1
is "on: check-config says so" "$(grep delays out)" "delays: told"
"$CMON" run -c "$CONF" --json /not >out
is "on: who wants none is not told" "$(delays out)" null
sed '/^delays = yes/d' "$CONF" >default.conf
"$CMON" run -c default.conf --json /caps >out
is "on: who says nothing is told" "$(jq '.usage.delays.cpu.count > 0' out)" true
"$CMON" run -c "$CONF" --json /burn >out1 &
"$CMON" run -c "$CONF" --json /burn >out2 &
wait
is "these are told" "$(jq -c '.usage.delays | keys_unsorted[:4]' out1)" '["cpu","block_io","swap_in","reclaim"]'
is "each with count and total" "$(jq -c '[.usage.delays[] | keys_unsorted] | unique' out1)" '[["count","total_ms"]]'
is "all of them numbers that can be" "$(jq '[.usage.delays[][] | numbers | select(. < 0)] | length' out1)" 0
is "two on one CPU wait for it" \
    "$(jq -s '(map(.usage.delays.cpu.total_ms) | add) > 10 and (map(.usage.delays.cpu.count) | min) > 0' out1 out2)" true
"$CMON" run -c "$CONF" --json /threads >out
is "all threads count" "$(jq '.usage.delays.cpu.count >= 100' out)" true
"$CMON" run -c "$CONF" --usage /not >out 2>err
is "run --usage asks by itself" "$(grep -A 4 '^waited for' err | sed 's/   *[0-9].*//; s/   *times//')" "waited for
  a CPU
  block I/O
  swap-in
  memory reclaim"

# As an ordinary user, the way that cmon.conf(5) tells.
if [ -n "$SAN" ]; then
    skip "a capability of its own is enough" "a sanitizer's build"
elif ! setcap cap_net_admin+ep "$CMON" 2>setcap.err; then
    skip "a capability of its own is enough" "setcap: $(head -1 setcap.err)"
else
    mkdir sock
    chmod 755 "$T"
    chown nobody: sock client_secret.key
    SOCK=$T/sock/cmon.sock
    serve setpriv --reuid=nobody --regid=nogroup --clear-groups --
    is "it serves as nobody" "$(stat -c %U "/proc/$pid")" nobody
    raw_body /caps
    is "a capability of its own is enough" "$(jq '.usage.delays.cpu.count > 0' out)" true
    is "its commands have none" "$(jq -r .data out | tr -s '\t\n' ' ')" \
        "CapInh: 0000000000000000 CapPrm: 0000000000000000 CapEff: 0000000000000000 CapAmb: 0000000000000000 "
    told=0
    for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        raw_body /caps
        [ "$(delays out)" = null ] || told=$((told + 1))
    done
    is "each of $i short ones is told" $told 20
    raw_body /not
    is "and routes that do not ask are not told" "$(jq -c '[.code, .usage.delays]' out)" '[200,null]'
    stop
fi
echo "$was" >$knob
finish
