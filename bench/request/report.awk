# bench/request/report.awk -- from slices to medians, ratios and goals.
#
# Reads the goals, then the results of bench/run-request; `scope` says which
# cores were used.  A ratio is made inside one round, from slices that follow
# each other, and the median of the rounds' ratios counts: what the machine
# does to a whole round falls out of it.

function median(values, n,    i, j, v)
{
    for (i = 2; i <= n; i++) {
        v = values[i]
        for (j = i - 1; j > 0 && values[j] > v; j--)
            values[j + 1] = values[j]
        values[j + 1] = v
    }
    return n % 2 ? values[(n + 1) / 2] : (values[n / 2] + values[n / 2 + 1]) / 2
}

# The median of `figure` over all rounds of a cell; least and most are left behind.
function over_rounds(cell, subject, figure,    r, values)
{
    for (r = 1; r <= rounds; r++)
        values[r] = value[r, cell, subject, figure]
    middle = median(values, rounds)
    least = values[1]
    most = values[rounds]
    return middle
}

function print_cell(cell, subject, base,    r, values, rate, p50, p99, floor)
{
    floor = over_rounds(cell, base, "rate")
    rate = over_rounds(cell, subject, "rate")
    p50 = over_rounds(cell, subject, "p50_us")
    p99 = over_rounds(cell, subject, "p99_us")
    for (r = 1; r <= rounds; r++)
        value[r, cell, subject, "ratio"] = \
            value[r, cell, subject, "rate"] / value[r, cell, base, "rate"]
    figures[cell, subject, "ratio"] = over_rounds(cell, subject, "ratio")
    figures[cell, subject, "tail"] = p99 / p50
    printf "%-9s %3s  %9.0f  %-6s %9.0f  %5.2f  %4.2f-%4.2f  %8.2f %8.2f %6.1f\n", what[cell],
        level[cell], floor, subject, rate, figures[cell, subject, "ratio"], least, most,
        p50 / 1000, p99 / 1000, p99 / p50
}

function print_spread(    i, n, spread, worst, at)
{
    for (i = 1; i <= cells; i++) {
        over_rounds(order[i], base_of[order[i]], "rate")
        spread[i] = 100 * (most - least) / middle
        if (spread[i] >= worst) {
            worst = spread[i]
            at = what[order[i]] " at " level[order[i]]
        }
    }
    printf "spread:    the floors' rounds lie %.0f %% apart at the median, %.0f %% at the worst (%s)\n",
        median(spread, cells), worst, at
}

# One goal a line: when, scope, case, level, figure, sense, limit.
function judge(goal,    g, figure, met, told)
{
    split(goal, g, " ")
    told = sprintf("%-6s %s at %s: %s %s %s", g[1] == "now" ? "goal" : g[1], g[3], g[4],
        g[5] == "tail" ? "p99/p50" : g[5], g[6], g[7])
    figure = figures[g[3] " " g[4], "cmon", g[5]]
    if ((g[2] != "any" && g[2] != scope) || figure == "") {
        printf "%-42s measured on %s\n", told, g[2] == "one" ? "one core" : "all cores (--all-cores)"
        return
    }
    met = g[6] == ">=" ? figure >= g[7] : figure <= g[7]
    printf "%-42s %.3f  %s\n", told, figure, met ? "met" : "not met"
    if (g[1] == "now") {
        goals_now++
        goals_met += met
    }
}

FNR == NR {
    if (NF)
        goals[++ngoals] = $0
    next
}

{
    cell = $2 " " $3
    if (!(cell in what)) {
        what[cell] = $2
        level[cell] = $3
        base_of[cell] = $2 == "refuse" ? "nginx" : "floor"
        order[++cells] = cell
    }
    if ($1 > rounds)
        rounds = $1
    if ($4 != "floor" && $4 != "nginx" && !($4 in known)) {
        known[$4]
        peers[++npeers] = $4
    }
    for (i = 5; i <= NF; i++) {
        split($i, word, "=")
        value[$1, cell, $4, word[1]] = word[2] + 0
    }
}

END {
    print_spread()
    printf "\n%-9s %3s  %9s  %-6s %9s  %5s  %9s  %8s %8s %6s\n", "", "at", "floor or", "", "", "", "", "", "", "p99/"
    printf "%-9s %3s  %9s  %-6s %9s  %5s  %9s  %8s %8s %6s\n", "case", "once", "nginx 1/s", "", "1/s", "ratio", "from-to",
        "p50 ms", "p99 ms", "p50"
    for (i = 1; i <= cells; i++)
        for (p = 1; p <= npeers; p++)
            print_cell(order[i], peers[p], base_of[order[i]])
    print ""
    for (i = 1; i <= ngoals; i++)
        judge(goals[i])
    printf "goals: %d of %d met\n", goals_met, goals_now
}
