#!/bin/sh
# tests/it/root_quickstart.sh -- ./quickstart of root, below a 0700 directory: nobody serves as root.
limit=60 as_root=yes also="quickstart .ci nginx"
. "${0%/*}/lib.sh"
[ -z "$SAN" ] || it_skip_all "a sanitizer's build serves no user"

export QUICKSTART_BUILD="$T"
cd src || exit 99
Q=.quickstart
trap 'cd "$T/src" && ./quickstart stop >/dev/null; rm -r "$(readlink $Q)"' EXIT

user_of() { # PID
    stat -c %U "/proc/$1"
}

may() { # USER [-r | -w | -x] FILE
    setpriv --reuid="$1" --regid="$(id -g "$1")" --clear-groups test "$2" "$3"
}

ends_all() { # PID...
    for p; do
        gone "$p" || return 1
    done
}

is "the clone is out of everybody's reach" "$(stat -c '%a %U' "$T")" "700 root"
ok "./quickstart succeeds" ./quickstart
D=$(readlink $Q)
like ".quickstart is a link to a place of this clone's own" "$D" '^/(run|var/lib)/cmon-quickstart-[A-Za-z0-9]{8}$'
like "the command that was printed answers" "$(eval "$(sed -n 's/^\$ curl /curl -s /p' ok.out)")" \
    '^\{"status":"ok","code":200'

cmon=$(cat $Q/run/cmon.pid)
master=$(cat $Q/nginx/nginx.pid)
workers=$(pgrep -P "$master")
# shellcheck disable=SC2046,SC2086 # words on purpose
is "nginx's workers are www-data" "$(stat -c %U $(printf '/proc/%s ' $workers) | sort -u)" www-data
is "cmon is nobody" "$(sed -n 's/^[UG]id:\t//p; s/^Groups:\t//p' "/proc/$cmon/status" | tr -s '\t \n' ' ')" \
    "65534 65534 65534 65534 65534 65534 65534 65534 65534 "
is "the socket is for the workers, and for nobody else" "$(stat -c '%a %U %G' $Q/cmon.sock)" "660 nobody www-data"
is "the key is cmon's alone" "$(stat -L -c '%a %U' $Q/client_secret.key)" "600 nobody"
is "the key of the certificate is root's" "$(stat -c '%a %U' $Q/tls.key)" "600 root"
for file in client_secret.key tls.key; do
    ok "a worker may not read $file" test "$(may www-data -r $D/$file; echo $?)" = 1
done
for file in . bin bin/cmon cmon.conf nginx.conf location.conf log nginx; do
    for who in nobody www-data; do
        ok "$who may not write $file" test "$(may $who -w $D/$file; echo $?)" = 1
    done
done
is "the directory is root's" "$(stat -c '%a %U' "$D")" "755 root"

curl="curl -s -m 20 --cacert $Q/tls.crt"
token="access_token: $(cat $Q/client_secret.key)"
like "sync works in the sample" "$($curl -H "$token" -X PUT "$(cat $Q/url)/sync_upstream")" '"code":200'
like "commands are nobody's" "$(sed -i '$a route "/id" { argv = { "id", "-un" } }' $Q/cmon.conf &&
    kill -HUP "$cmon" && sleep 0.3 && $curl -H "$token" "$(cat $Q/url)/id")" '"data":"nobody\\n"'
like "POST /restart answers" "$($curl -H "$token" -X POST "$(cat $Q/url)/restart")" '"code":200'
within 10 test "$(cat $Q/run/cmon.pid)" != "$cmon"
is "and its successor is nobody too" "$(user_of "$(cat $Q/run/cmon.pid)")" nobody

chmod 755 "$T"
like "an ordinary user is told whose it is" \
    "$(setpriv --reuid=nobody --regid=nogroup --clear-groups ./quickstart stop 2>&1)" 'belongs to root'
ok "and has ended nothing" ./quickstart status
cmon=$(cat $Q/run/cmon.pid)
case $D in
/run/*) stays="stay until the next reboot" ;;
*) stays=stay ;;
esac
if [ "$stays" = stay ]; then
    skip "status says how long things stay" "here they do"
    skip "and so does cmon.conf" "here it stays"
else
    like "status says how long things stay" "$(./quickstart status)" "configuration $stays\$"
    like "and so does cmon.conf" "$(head -2 $Q/cmon.conf)" "^# and lies in $D, which the next reboot takes away"
fi
like "and so does a second run" "$(./quickstart)" "key and configuration $stays\\.\$"
ok "stop succeeds" ./quickstart stop
like "and says it, too" "$(cat ok.out)" "^stopped; key, certificate and configuration $stays "
# shellcheck disable=SC2086 # words on purpose
ok "every process has ended" within 5 ends_all $cmon $master $workers
is "no socket, no pid file" "$(find "$D" -type s -o -name '*.pid')" ""

# A reboot: what .quickstart leads to is gone.
mv "$D" "$T/lost"
lost="leads to $D, which is gone"
like "a lost directory is told by status" "$(./quickstart status)" "$lost"
like "to others, too, with what to do" "$(setpriv --reuid=nobody --regid=nogroup --clear-groups ./quickstart 2>&1)" \
    "remove \\.quickstart"
./quickstart >"$T/again.out" 2>&1
is "it starts all the same" $? 0
like "and says what is lost" "$(cat "$T/again.out")" "$lost"
like "namely this" "$(cat "$T/again.out")" '^the key, the certificate and cmon.conf that were there are lost'
like "before it makes new ones" "$(sed '/^\[ 1/q' "$T/again.out")" '^New ones are made'
is "which are others" "$(cmp -s $Q/client_secret.key "$T/lost/client_secret.key"; echo $?)" 1
./quickstart stop >/dev/null
D=$(readlink $Q)

# Debian mounts /run so when it boots from an initramfs.
if unshare -m true 2>/dev/null; then
    rm -r "$D" $Q
    ok "where nothing may be executed below /run" unshare -m sh -c '
        mount -t tmpfs -o noexec,nosuid,nodev tmpfs /run && ./quickstart && ./quickstart stop'
    like "it finds another place" "$(readlink $Q)" '^/var/lib/cmon-quickstart-'
else
    skip "where nothing may be executed below /run" "no right to a mount namespace"
fi
cd "$T" && finish
