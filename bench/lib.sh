# shellcheck shell=bash disable=SC2034,SC2154 # what the one who sources sets or uses
# bench/lib.sh -- what the benches share: the build, what machine it was, how noisy, the report.
#
# Sourced by run-alloc and run-request, which set
#   src    the top of the sources              mode  full, quick or smoke
#   here   where report.awk, plots.gp and      tmp   a directory of our own
#          goals are                           out   where the report goes
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

# note_time before|after [COMMAND]: adds to what the machine, and we, have used in
# the stretches between the two.  Whom we have not waited for yet COMMAND tells,
# as stage_processes does.
note_time() {
    {
        awk '/^cpu / { print $2 + $3 + $4 + $7 + $8, $9 }' /proc/stat # ticks: busy, stolen
        times                                                         # ours, our children's
        "${@:2}"
    } >"$tmp/now"
    awk -v what="$1" -v hz="$(getconf CLK_TCK)" '
        function seconds(t,    part)
        {
            split(t, part, "[ms]")
            return 60 * part[1] + part[2]
        }
        NR == 1 { busy = $1 / hz; stolen = $2 / hz }
        NR == 2 || NR == 3 { ours += seconds($1) + seconds($2) }
        NR > 3 { ours += $3 / hz }
        END { print what, busy, stolen, ours }' "$tmp/now" >>"$tmp/time"
}

# note_noise WHAT-WAS: how much of the machine was not ours while it was measured.
note_noise() {
    awk -v what="$1" '
        { sign = $1 == "before" ? -1 : 1; busy += sign * $2; stolen += sign * $3; ours += sign * $4 }
        END {
            other = busy > ours ? busy - ours : 0
            share = ours + other > 0 ? 100 * other / (ours + other) : 0
            printf "noise: while %s measured, CPU %.1f s ours, %.1f s of others (%.0f %%), %.1f s stolen by the host%s\n",
                what, ours, other, share, stolen, (share > 10 ? ": too noisy to judge by" : "")
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
    if [ "$mode" = smoke ]; then
        : # not enough for plots
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
