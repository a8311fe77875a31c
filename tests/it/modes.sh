#!/bin/sh
# tests/it/modes.sh -- what cmon is, is decided before its words are looked at.
. "${0%/*}/lib.sh"

conf <<'EOC'
route "/who" { argv = { "sh", "-c", "echo $PPID; ls -l /proc/self/fd | grep -c socket; :" } }
EOC
cat >passed.py <<'END'
# passed.py FD [NAME=VALUE...] -- WORD...: a program with a listening socket on FD
import os, socket, sys
cut = sys.argv.index("--")
if os.path.exists("cmon.sock"):
    os.unlink("cmon.sock")
s = socket.socket(socket.AF_UNIX)
s.bind("cmon.sock")
s.listen(16)
os.dup2(s.fileno(), int(sys.argv[1]))
os.set_inheritable(int(sys.argv[1]), True)  # which dup2 to itself does not do
for word in sys.argv[2:cut]:
    name, _, value = word.partition("=")
    os.environ[name] = str(os.getpid()) if value == "SELF" else value
os.execv(sys.argv[cut + 1], sys.argv[cut + 1:])
END

listens() { # WHY ARGUMENT-OF-PASSED...: serves FastCGI there
    it_why=$1
    shift
    : >>"$LOG"
    it_ready=$(grep -c ' ready' "$LOG")
    python3 passed.py "$@" >>"$LOG" 2>&1 &
    pid=$!
    within 10 it_is_ready
    is "$it_why: it serves FastCGI, and its command does not get the socket" \
        "$(raw good:GET:/who read | sed -n 's/.*"data":"\([^"]*\)".*/\1/p')" "$pid\\n0\\n"
    stop
    is "and ends with 0" $ended 0
}

listens "a listening socket on 0" 0 -- "$CMON" -c "$CONF"
listens "LISTEN_FDS, as systemd has it" 3 LISTEN_FDS=1 LISTEN_PID=SELF -- "$CMON" -c "$CONF"
listens "a listening socket on 0 goes before GATEWAY_INTERFACE" 0 GATEWAY_INTERFACE=CGI/1.1 -- "$CMON" -c "$CONF"
listens "without -c CMON_CONF is found" 0 "CMON_CONF=$CONF" -- "$CMON"

refuses() { # WHY ARGUMENT-OF-PASSED...: exit 2, and nothing done
    it_why=$1
    shift
    timeout 10 python3 passed.py "$@" >out 2>&1 </dev/null
    is "$it_why: exit 2" $? 2
    is "and nothing was done" "$(ls x.key 2>/dev/null; grep -c '[0-9a-f]\{64\}' out)" 0
}

refuses "a server takes no command" 0 -- "$CMON" token new x.key
refuses "nor does one of systemd" 3 LISTEN_FDS=1 LISTEN_PID=SELF -- "$CMON" token new x.key
refuses "nor an option but -c" 0 -- "$CMON" --version
refuses "nor -c without a file" 0 -- "$CMON" -c
refuses "nor a word after it" 0 -- "$CMON" -c "$CONF" token new x.key

# A key that the web server hands out to anybody.
timeout 10 python3 passed.py 0 "DOCUMENT_ROOT=$T" -- "$CMON" -c "$CONF" >out 2>&1 </dev/null
is "key and configuration below the DOCUMENT_ROOT of its environment: exit 1" $? 1
like "and why" "$(cat out)" " ERROR error msg=.DOCUMENT_ROOT=$T: .* lies under the document root"
listens "beside it both are fine" 0 "DOCUMENT_ROOT=$T/it" -- "$CMON" -c "$CONF"

# Another process's LISTEN_FDS is not ours.
python3 passed.py 3 LISTEN_FDS=1 LISTEN_PID=1 -- "$CMON" --version >out 2>&1 </dev/null
is "LISTEN_FDS of another process leaves the operator's tool" "$(cat out)" "cmon 0.1.0"
is "a socket that does not listen leaves it too" \
    "$(python3 -c 'import os, socket; s = socket.socketpair(); os.dup2(s[0].fileno(), 0)
os.execv("./cmon", ["./cmon", "--version"])')" "cmon 0.1.0"
out=$(GATEWAY_INTERFACE=CGI/1.1 CMON_CONF=$CONF REQUEST_METHOD=GET PATH_INFO=/who "$CMON" token new x.key </dev/null 2>>"$LOG")
like "GATEWAY_INTERFACE: one request, whatever the words" "$out $(ls x.key 2>/dev/null)" '^Status: 401'

finish
