#!/bin/sh
# tests/it/faults.sh -- system calls fail: at the start it says so, later it goes on.
limit=90
. "${0%/*}/lib.sh"

command -v strace >/dev/null || it_skip_all "strace is not installed"
strace -qq -o /dev/null true 2>/dev/null || it_skip_all "strace may not trace here"
[ -z "$SAN" ] || it_skip_all "a sanitizer and strace do not go together"

conf <<-EOC
	pid_file = "cmon.pid"
	log { stderr = yes syslog = no }
EOC

# Starts with one call failing; sets `ended`.
start_without() { # CALL ERROR WHEN
    : >"$LOG"
    rm -f cmon.pid
    timeout 10 strace -f -qq -o /dev/null -e "trace=$1" -e "inject=$1:error=$2:when=$3+" \
        spawn-fcgi -n -s "$SOCK" -M 0600 -- "$CMON" -c "$CONF" >>"$LOG" 2>&1
    ended=$?
}

for fault in epoll_create1:EMFILE:1 eventfd2:EMFILE:1 eventfd2:EMFILE:2 eventfd2:EMFILE:3 \
    epoll_ctl:ENOMEM:1 epoll_ctl:ENOMEM:2 epoll_ctl:ENOMEM:3 epoll_ctl:ENOMEM:4 \
    timerfd_create:EMFILE:1 memfd_create:EMFILE:1 signalfd4:EMFILE:1 clone3:EAGAIN:1; do
    at=${fault##*:}
    call=${fault%%:*}
    error=${fault#*:}
    start_without "$call" "${error%:*}" "$at"
    is "$call that fails at call $at is told, and ends the start" \
        "$ended $(grep -c ' ERROR error' "$LOG")" "1 1"
done

# Somebody else who has the listening socket shuts it down: it is dead for all.
cat >shut.py <<-'EOP'
	import os, socket, subprocess, sys, time
	s = socket.socket(socket.AF_UNIX)
	s.bind(sys.argv[1])
	s.listen()
	p = subprocess.Popen(sys.argv[2:], stdin=s)
	while not os.path.exists("cmon.pid"):
	    time.sleep(0.01)
	time.sleep(0.2)
	s.shutdown(socket.SHUT_RDWR)
	time.sleep(1)
	with open("/proc/%d/stat" % p.pid) as stat:
	    words = stat.read().rsplit(")", 1)[1].split()
	p.terminate()
	print("ticks", int(words[11]) + int(words[12]) < 20, "ended", p.wait())
EOP
rm -f cmon.pid
is "a listening socket that is shut down makes it neither spin nor hang" \
    "$(timeout 20 python3 shut.py "$T/shut.sock" "$CMON" -c "$CONF" 2>>"$LOG")" "ticks True ended 0"

finish
