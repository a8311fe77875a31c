# shellcheck shell=bash disable=SC2154 # what run-request and stage.sh set
# bench/request/facts.sh -- what machine, what versions, how noisy; and the report, for run-request.
#
# No path, host or user name of this machine gets into a report.

# Lines "NAME: text" for the head of the report.
note_facts() {
    local peer cpu
    cpu=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)
    echo "date: $(date -u '+%Y-%m-%d %H:%M UTC'), $mode run"
    echo "machine: ${cpu:-$(uname -m)}, $(nproc) of $(nproc --all) cores, Linux $(uname -r)"
    echo "web server: $(nginx -v 2>&1 | sed 's/.*: //'), $(spawn-fcgi -v | sed 's/ (.*//;q')"
    echo "compiler: $($cc --version | head -n 1), $(made CFLAGS) $(made SAN_CFLAGS)" | sed 's/ *$//'
    for peer in $peers; do
        echo "$peer: $("${peer}_version" | head -n 1)"
    done
    echo "load average before: $(cut -d ' ' -f 1-3 /proc/loadavg)"
}

# note_time before|after: adds to what the machine, and we, have used in the
# stretches between the two.  Our servers are counted while they run.
note_time() {
    {
        awk '/^cpu / { print $2 + $3 + $4 + $7 + $8, $9 }' /proc/stat # ticks: busy, stolen
        times                                                         # ours, our children's
        stage_processes
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

# How much of the machine was not ours while rates were measured.
note_noise() {
    awk '
        { sign = $1 == "before" ? -1 : 1; busy += sign * $2; stolen += sign * $3; ours += sign * $4 }
        END {
            other = busy > ours ? busy - ours : 0
            share = ours + other > 0 ? 100 * other / (ours + other) : 0
            printf "noise: while rates were measured, CPU %.1f s ours, %.1f s of others (%.0f %%), %.1f s stolen by the host%s\n",
                ours, other, share, stolen, (share > 10 ? ": too noisy to judge by" : "")
        }' "$tmp/time"
}

# Writes the report and its plots to $out, and prints it.
make_report() {
    local name
    awk -v facts="$tmp/facts" -v goals="$here/goals" -v data="$tmp" -f "$here/report.awk" \
        "$tmp/results" >"$tmp/report"
    for name in "$src" "$build" "$tmp" "$(uname -n)"; do
        ! grep -qwF -- "$name" "$tmp/report" || die "the report would name $name"
    done
    if [ "$mode" = smoke ]; then
        : # not enough for plots
    elif ! command -v gnuplot >/dev/null; then
        echo "no plots: gnuplot is not installed (gnuplot-nox)" >&2
    elif (cd "$tmp" && gnuplot "$here/plots.gp"); then
        cp "$tmp"/*.svg "$out/plots/"
    fi
    cp "$tmp/results" "$build/bench/results.txt"
    cp "$tmp/report" "$out/REPORT.md"
    cat "$tmp/report"
}
