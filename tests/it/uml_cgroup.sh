#!/bin/sh
# tests/it/uml_cgroup.sh -- limits and ends of commands by cgroup v2, in a kernel of their own (User Mode Linux).
#
# Where cgroup v2 has no controllers, as on many build machines, this is the
# only place that shows them.  The kernel is Debian's package, installed or
# fetched; it sees our file system as its root.
limit=300
. "${0%/*}/lib.sh"

if [ -z "$CMON_FULL" ]; then
    echo "1..0 # SKIP takes 40 s: one of the long tests, CMON_FULL=1"
    exit
fi
uml=$(command -v linux.uml)
if [ -z "$uml" ] && apt-get download user-mode-linux >apt.out 2>&1; then
    mkdir uml && dpkg-deb -x user-mode-linux_*.deb uml && rm user-mode-linux_*.deb
    uml=$T/uml/usr/bin/linux.uml
fi
if [ -z "$uml" ]; then
    echo "1..0 # SKIP the package user-mode-linux is not installed and cannot be fetched"
    exit
fi
[ -z "$SAN" ] || { echo "1..0 # SKIP the address space of User Mode Linux is too small for sanitizers" && exit; }

# What runs inside, as its first process.  "yes PROMISE" and "no PROMISE: why"
# come back in a file, which is on our file system.
cat >inside.sh <<'EOC'
#!/bin/sh
exec >"$T/inside.out" 2>&1 </dev/null
PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin
CG=/sys/fs/cgroup
[ -b /dev/ubda ] || mount -t devtmpfs none /dev || exit
mount -t proc none /proc && mount -t sysfs none /sys &&
    mount -t cgroup2 none $CG && mount -t tmpfs none /mnt && cd /mnt || exit
umask 022
echo "# Linux $(uname -r), controllers: $(cat $CG/cgroup.controllers)"

(umask 077 && head -c 32 /dev/zero | od -An -v -tx1 | tr -d ' \n' >client_secret.key)
cat >cmon.conf <<'END'
timeout = 60
read_timeout = 200
route "/memory" { argv = { bash, "-c", "head -c 200M /dev/zero | tail -n 1 | wc -c; sleep 1; echo alive" } memory = 32M }
route "/fits"   { argv = { echo, fits } memory = 32M }
route "/cpu"    { argv = { bash, "-c", "timeout 2 sh -c 'while :; do :; done'; cat /sys/fs/cgroup$(cut -d: -f3 /proc/self/cgroup)/cpu.stat" } cpus = 0.2 }
route "/nice"   { argv = { sh, "-c", "cat /sys/fs/cgroup$(cut -d: -f3 /proc/self/cgroup)/cpu.weight.nice" } cpus = 0.5 limits { nice = 7 } }
route "/pids"   { argv = { sh, "-c", "i=0; while [ $i -lt 100 ]; do sleep 60 & i=$((i + 1)); done 2>/dev/null" } pids = 20 }
route "/direct" { argv = { dd, "if=/dev/zero", "of=/dev/ubda", "bs=64K", "count=48", "oflag=direct" } io_write = "/dev/ubda 1M" }
route "/later"  { argv = { dd, "if=/dev/zero", "of=/dev/ubda", "bs=64K", "count=48", "conv=fsync" } io_write = "/dev/ubda 1M" memory = 64M }
route "/read"   { argv = { dd, "if=/dev/ubda", "of=/dev/null", "bs=64K", "count=48", "iflag=direct" } io_read = "/dev/ubda 1M" }
route "/daemon" { argv = { sh, "-c", "setsid sh -c 'sleep 61 & exec sleep 62' & sleep 0.5" } }
route "/where"  { argv = { cat, "/proc/self/cgroup" } memory = 32M }
END

promise() { # PROMISE COMMAND...: it is true
    what=$1
    shift
    if "$@"; then echo "yes $what"; else echo "no $what: $(cat said)"; fi
}
run() { "$T/cmon" run --json -c cmon.conf "$@" >said 2>&1; }
says() { grep -q "$1" said; }
says_not() { ! grep -q "$1" said; }
took() { [ "$(sed 's/.*"duration_ms":\([0-9]*\).*/\1/' said)" -ge "$1" ]; }
leftover() {
    n=$(sed -n 's/.*"leftover":\([0-9]*\).*/\1/p' said)
    [ "${n:-0}" -ge "$1" ] && [ "${n:-0}" -le "$2" ]
}
nobody_sleeps() { ! grep -qsz '^sleep' /proc/[0-9]*/cmdline; }

"$T/cmon" check-config -c cmon.conf >said 2>&1
promise "check-config says that all limits hold, by version 2" \
    [ "$(grep -c 'held by cgroup v2$' said)" = 10 ]
run /memory
promise "a command that wants more memory than its limit is killed, all of it" says '"signal":9'
promise "and the answer tells" says '"oom":true'
run /fits
promise "one that keeps to it is not" says '"data":"fits.*"exit_code":0'
promise "and hears nothing of the one before" says_not oom
run /cpu
promise "a command is made to wait for a CPU" says 'nr_throttled [1-9]'
run /nice
promise "its share of the CPUs has the weight of its nice" says '"data":"7.n"'
run /pids
promise "a fork bomb ends at its limit, and with its command" leftover 10 20
promise "nothing of it is left" nobody_sleeps
run /direct
promise "direct writes keep to their rate" took 2000
run /later
promise "so do writes that the kernel does later" took 2000
run /read
promise "so do reads" took 2000
run /daemon
promise "what called setsid is killed and counted" leftover 2 2
promise "nothing of it is left either" nobody_sleeps
promise "no cgroup is left" [ -z "$(ls -d $CG/cmon-* 2>/dev/null)" ]

# A cgroup that has a process, as a service has: it moves out of the way.
mkdir $CG/service
sh -c "echo \$\$ >$CG/service/cgroup.procs; exec $T/cmon run --json -c cmon.conf /where" >said 2>&1
promise "in a service's cgroup too, which we divide" says '0::/service/cmon-[0-9.]*/run-'
promise "we are in a leaf of it then" [ -d $CG/service/cmon-main ]
promise "and it can hold memory" grep -q memory $CG/service/cgroup.subtree_control
sh -c "echo \$\$ >$CG/service/cmon-main/cgroup.procs; exec $T/cmon run --json -c cmon.conf /where" >said 2>&1
promise "whoever comes after finds that leaf and stays in it" says '0::/service/cmon-[0-9.]*/run-'
sh -c "echo \$\$ >$CG/service/cmon-main/cgroup.procs; exec $T/cmon run --json -c cmon.conf /memory" >said 2>&1
promise "and its limits hold" says '"oom":true'
echo end
EOC
cat >init.sh <<'EOC'
#!/bin/sh
T=${0%/*}
export T
sh "$T/inside.sh"
mount -t proc none /proc 2>/dev/null
echo o >/proc/sysrq-trigger
sleep 20
EOC
chmod +x init.sh
truncate -s 16M disk.img
shm=$T
[ ! -w /dev/shm ] || shm=/dev/shm
TMPDIR=$shm timeout -k 5 200 "$uml" mem=256M rootfstype=hostfs rootflags=/ root=/dev/root rw quiet \
    ubd0="$T/disk.img" init="$T/init.sh" con=null con0=null,fd:2 umid="cmon-it.$$" </dev/null >console 2>&1

while read -r word rest; do
    case $word in
    yes) pass "$rest" ;;
    no) fail "${rest%%:*}" "${rest#*: }" ;;
    end) ended=yes ;;
    *) note "$word $rest" ;;
    esac
done <inside.out
is "the kernel has gone through all of it" "${ended-}" yes
[ -n "${ended-}" ] || note "$(tail -20 console)"
finish
