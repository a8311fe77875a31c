# shellcheck shell=bash disable=SC2154 # what run-alloc sets
# bench/alloc/facts.sh -- what machine, what versions, how noisy; and the report, for run-alloc.
#
# No path, host or user name of this machine gets into a report.

# Figures from an emulator are none: its clock is the host's, its cycles are not.
is_emulated() {
    local arch
    arch=$("$build/bench/alloc/slice" -s 0.001 arena grow-1 | sed -n 's/.* arch=\([^ ]*\).*/\1/p')
    [ "$arch" != "$(uname -m)" ] || grep -qiE '^model name.*(QEMU|TCG)' /proc/cpuinfo
}

# Lines "NAME: text" for the head of the report.
note_facts() {
    local cpu
    cpu=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)
    echo "date: $(date -u '+%Y-%m-%d %H:%M UTC'), $mode run"
    echo "machine: ${cpu:-$(uname -m)}, $(nproc) of $(nproc --all) cores, Linux $(uname -r)"
    echo "pages: $(getconf PAGESIZE) bytes, huge ones: $(sed 's/.*\[\(.*\)\].*/\1/' \
        /sys/kernel/mm/transparent_hugepage/enabled 2>/dev/null || echo unknown)"
    echo "compiler: $($cc --version | head -n 1), $(made CFLAGS) $(made SAN_CFLAGS)" | sed 's/ *$//'
    for cpu in '' -c; do
        # shellcheck disable=SC2086 # a word or none
        "$build/bench/alloc/slice" $cpu -s 0.001 arena grow-1 | awk -v chosen="${fence:-none}" -v this="${cpu:-none}" '
            {
                for (i = 1; i <= NF; i++) {
                    cut = index($i, "=")
                    v[substr($i, 1, cut - 1)] = substr($i, cut + 1)
                }
                printf "counter (%s): %s, %.0f ticks a second; nothing takes %d ticks by it, both readings together take %.0f (%.2f us)\n",
                    chosen == this ? "used here" : "for comparison", v["clock"], v["hz"], v["floor"],
                    v["reading"], v["reading"] / v["hz"] * 1e6
            }'
    done
    echo "load average before: $(cut -d ' ' -f 1-3 /proc/loadavg)"
}

# note_time before|after: what the machine, and we, have used up to now.
note_time() {
    {
        awk '/^cpu / { print $2 + $3 + $4 + $7 + $8, $9 }' /proc/stat # ticks: busy, stolen
        times                                                         # ours, our children's
    } >"$tmp/now"
    awk -v what="$1" -v hz="$(getconf CLK_TCK)" '
        function seconds(t,    part)
        {
            split(t, part, "[ms]")
            return 60 * part[1] + part[2]
        }
        NR == 1 { busy = $1 / hz; stolen = $2 / hz }
        NR > 1 { ours += seconds($1) + seconds($2) }
        END { print what, busy, stolen, ours }' "$tmp/now" >>"$tmp/time"
}

# How much of the machine was not ours while it was measured.
note_noise() {
    awk '
        { sign = $1 == "before" ? -1 : 1; busy += sign * $2; stolen += sign * $3; ours += sign * $4 }
        END {
            other = busy > ours ? busy - ours : 0
            share = ours + other > 0 ? 100 * other / (ours + other) : 0
            printf "noise: while it was measured, CPU %.1f s ours, %.1f s of others (%.0f %%), %.1f s stolen by the host%s\n",
                ours, other, share, stolen, (share > 10 ? ": too noisy to judge by" : "")
        }' "$tmp/time"
}

# Writes the report and its plots to $out, and prints it.
make_report() {
    local name plot
    awk -v facts="$tmp/facts" -v goals="$here/goals" -v data="$tmp" -f "$here/report.awk" \
        "$tmp/results" >"$tmp/report"
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
            cp "$plot" "$out/plots/alloc-${plot##*/}"
        done
    fi
    cp "$tmp/results" "$build/bench/alloc-results.txt"
    cp "$tmp/report" "$out/ALLOC.md"
    cat "$tmp/report"
}
