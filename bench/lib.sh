# shellcheck shell=bash disable=SC2034,SC2154 # what the one who sources sets or uses
# bench/lib.sh -- what the benches share: the build, what machine it was, how noisy, the report.
#
# Sourced by run-alloc, run-json and run-request, which set
#   src    the top of the sources              mode  full, quick or smoke
#   here   where report.awk and goals are,     tmp   a directory of our own
#          and plots.gp if it plots            out   where the report goes
#   build  where it is built
# and by alloc/trace/record.sh, for the build alone.
#
# No path, host or user name of this machine gets into a report.

die() {
    echo "${0##*/}: $*" >&2
    exit 1
}

# made VARIABLE: what the build's Makefile says of it.
made() {
    sed -n "s/^$1 = //p" "$build/Makefile"
}

# build_all TARGET: from a fresh checkout on; `build` is a whole path then, `cc` the compiler.
build_all() {
    if [ ! -f "$build/Makefile" ]; then
        [ -x "$src/configure" ] || (cd "$src" && autoreconf -fi)
        mkdir -p "$build"
        (cd "$build" && "$src/configure" -q)
    fi
    make -s -C "$build" "$1"
    build=$(cd "$build" && pwd)
    cc=$(made CC)
    cc=${cc%% *}
}

# kin ARCHITECTURE: one name for those that run each other's programs.
kin() {
    case $1 in
    i?86 | x86_64) echo x86 ;;
    arm* | aarch64) echo arm ;;
    *) echo "$1" ;;
    esac
}

# is_emulated CPUINFO: whether what is built runs here on no processor of its
# own.  An emulator of a machine says so in the processor's name; one of programs
# alone (qemu-user) lies about `uname`, but shows the host's processor.
is_emulated() {
    local here arch
    here=$(kin "$(uname -m)")
    arch=$($cc -dumpmachine 2>/dev/null) || arch=$here # one that does not know builds for here
    [ "$(kin "${arch%%-*}")" = "$here" ] || return 0
    case $here in
    x86) grep -qiE '^(model name.*(QEMU|TCG)|CPU implementer)' "$1" ;;
    arm) grep -qiE '^(model name.*(QEMU|TCG)|vendor_id|cpuid level)' "$1" ;;
    *) grep -qiE '^model name.*(QEMU|TCG)' "$1" ;;
    esac
}

# Figures from an emulator are none: its clock is the host's, its cycles are not.
leave_if_emulated() {
    is_emulated /proc/cpuinfo || return 0
    echo "this processor is emulated: what could be timed here would be the emulator" >&2
    echo 'goals: none measured'
    exit 0
}

# missing PACKAGE...: those of them that are not installed, a blank before each.
missing() {
    local package
    for package; do
        dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed ||
            printf ' %s' "$package"
    done
}

# Lines "NAME: text" for the head of the report.
note_machine() {
    local cpu
    cpu=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)
    echo "date: $(date -u '+%Y-%m-%d %H:%M UTC'), $mode run"
    echo "machine: ${cpu:-$(uname -m)}, $(nproc) of $(nproc --all) cores, Linux $(uname -r)"
}

note_compiler() {
    echo "compiler: $($cc --version | head -n 1), $(made CFLAGS) $(made SAN_CFLAGS)" | sed 's/ *$//'
}

note_load() {
    echo "load average before: $(cut -d ' ' -f 1-3 /proc/loadavg)"
}

# note_strangers: who is neither we, nor in a session of `leaders`, nor a child of
# such: a name that no later process has, ticks of it and of those it has waited for.
note_strangers() {
    { cat /proc/[0-9]*/stat 2>/dev/null || :; } | awk -v ours="$$ ${leaders[*]-}" '
    BEGIN { n = split(ours, o, " "); while (n) our[o[n--]] }
    {
        pid = $1
        sub(/.*\) /, "")
        parent[pid] = $2
        if ($4 in our)
            our[pid]
        ticks[pid] = $12 + $13 + $14 + $15
        born[pid] = $20
    }
    END {
        for (pid in ticks) {
            for (p = pid; p in parent && !(p in our); p = parent[p])
                ;
            if (!(p in our))
                print pid "." born[pid], ticks[pid]
        }
    }'
}

# note_time before|after: adds to what the machine, and strangers, have used in the
# stretches between the two.
note_time() {
    {
        awk '/^cpu / { print "busy", $2 + $3 + $4 + $7 + $8; print "stolen", $9 }' /proc/stat
        note_strangers
    } >"$tmp/time-$1"
    [ "$1" = after ] || return 0
    awk -v hz="$(getconf CLK_TCK)" '
        NR == FNR { before[$1] = $2; next }
        $2 > before[$1] { used[$1 ~ /^[0-9]/ ? "others" : $1] += ($2 - before[$1]) / hz }
        END { print used["busy"] + 0, used["stolen"] + 0, used["others"] + 0 }' \
        "$tmp/time-before" "$tmp/time-after" >>"$tmp/time"
}

# note_noise WHAT-WAS: how much of the machine was not ours while it was measured.
note_noise() {
    awk -v what="$1" '
        { busy += $1; stolen += $2; other += $3 }
        END {
            other = other < busy ? other : busy
            share = busy > 0 ? 100 * other / busy : 0
            printf "noise: while %s measured, CPU %.1f s ours, %.1f s of others (%.0f %%), %.1f s stolen by the host%s\n",
                what, busy - other, other, share, stolen, (share > 10 ? ": too noisy to judge by" : "")
        }' "$tmp/time"
}

# make_report NAME [PREFIX]: writes the report NAME, and plots and figures with
# PREFIX before their names, and prints it.
make_report() {
    local name plot prefix=${2-}
    awk -v facts="$tmp/facts" -v goals="$here/goals" -v data="$tmp" \
        -f "$src/bench/lib.awk" -f "$here/report.awk" "$tmp/results" >"$tmp/report"
    for name in "$src" "$build" "$tmp" "$(uname -n)"; do
        ! grep -qwF -- "$name" "$tmp/report" || die "the report would name $name"
    done
    if [ "$mode" = smoke ] || [ ! -f "$here/plots.gp" ]; then
        : # not enough for plots, or none
    elif ! command -v gnuplot >/dev/null; then
        echo "no plots: gnuplot is not installed (gnuplot-nox)" >&2
    elif ! (cd "$tmp" && gnuplot "$here/plots.gp") 2>"$tmp/said"; then
        cat "$tmp/said" >&2
    else
        # Otherwise it only complains of who has nothing to plot.
        for plot in "$tmp"/*.svg; do
            cp "$plot" "$out/plots/$prefix${plot##*/}"
        done
    fi
    cp "$tmp/results" "$build/bench/${prefix}results.txt"
    cp "$tmp/report" "$out/$1"
    cat "$tmp/report"
}
