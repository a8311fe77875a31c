# bench/alloc/report.awk -- from the lines of a run to a report: medians, ratios, goals, data for plots.
#
# awk -v facts=FILE -v goals=FILE -v data=DIRECTORY -f ../lib.awk -f report.awk RESULTS
# A line is "ROUND slice CONTENDER WORKLOAD NAME=VALUE...", or says who could
# not.  A ratio is made of two lines of a round; the median of the rounds counts.

# The median of a figure over the rounds, "" for none.
function middle(work, who, name,    r, n, list)
{
    for (r = 1; r <= rounds; r++)
        if ((work, who, name, r) in value)
            list[++n] = value[work, who, name, r]
    return median_of_list(list, n)
}

# The median of ours by theirs, round by round.
function ratio(work, name, ours, other_work, theirs,    r, n, list, v)
{
    for (r = 1; r <= rounds; r++)
        if ((work, ours, name, r) in value && (other_work, theirs, name, r) in value) {
            v = value[other_work, theirs, name, r]
            if (v > 0)
                list[++n] = value[work, ours, name, r] / v
        }
    return median_of_list(list, n)
}

# Three digits that count.
function digits(v)
{
    return v == "" ? "-" : v >= 100 ? sprintf("%.0f", v) : v >= 0.01 ? sprintf("%.3g", v) : sprintf("%.2g", v)
}

$1 == "what" {
    what[$2] = words_from($0, 3)
    note_once(who, $2, seen_who)
    next
}

$1 == "skipped" {
    skipped[++skips] = $2 ": " words_from($0, 3)
    next
}

$2 == "failed" {
    skipped[++skips] = $3 ", " $4 ": " words_from($0, 5)
    next
}

$2 == "slice" {
    if ($1 > rounds)
        rounds = $1
    note_once(works, $4, seen_works)
    for (i = 5; i <= NF; i++) {
        cut = index($i, "=")
        name = substr($i, 1, cut - 1)
        text = substr($i, cut + 1)
        if (name == "version")
            version[$3] = text
        else if (name == "series")
            series[$3] = text
        else if (name == "times")
            times[$4, $3] = text
        else
            value[$4, $3, name, $1] = text + 0
    }
    hz = value[$4, $3, "hz", $1]
    floor_ticks = value[$4, $3, "floor", $1]
    if (($4, $3, "p50", $1) in value) {
        v = value[$4, $3, "p50", $1] - floor_ticks
        value[$4, $3, "cost", $1] = v > 1 ? v : 1
    }
}

function print_head(    line, i, name)
{
    print "# What an allocator costs\n"
    print "Written by `bench/run-alloc`; bench/alloc/README.md says what is measured and how to read it."
    print "Compare ratios of one run: figures of two runs, or of two machines, say little.\n"
    while ((getline line < facts) > 0)
        print "- " line
    print "- measured: " rounds " rounds; " spread_text()
    for (i = 1; i <= skips; i++)
        print "- skipped: " skipped[i]
    print "\n| contender | what | version |\n|---|---|---|"
    for (i = 1; i <= who[0]; i++) {
        name = version[who[i]]
        gsub(/_/, " ", name)
        printf "| %s | %s | %s |\n", who[i], what[who[i]], name == "" ? "-" : name
    }
}

# How far the rates of a contender lie apart from round to round.
function spread_text(    w, i, m, n, list, middle_spread)
{
    for (w = 1; w <= works[0]; w++)
        for (i = 1; i <= who[0]; i++) {
            m = middle(works[w], who[i], "rate")
            if (m > 0)
                list[++n] = 100 * (most - least) / m
        }
    middle_spread = median_of_list(list, n)
    return n ? sprintf("rates of one and the same lie %.0f %% apart from round to round at the median, %.0f %% at the worst",
        middle_spread, most) : "no rates"
}

# What a goal's line comes to, with this one of ours.
function measure_goal(ours)
{
    if (index($4, "self:") == 1)
        return ratio($1, $2, ours, substr($4, 6), ours)
    return ratio($1, $2, ours, $1, $4)
}

function print_goals(    line, v, range, against, alone, alone_met)
{
    print "\n## Goals\n"
    print "A ratio is that of the named one of ours to the other; in a column of its own what the arena's heap alone comes to.\n"
    print "| goal | against | limit | ours | measured | from-to | arena | |"
    print "|---|---|---|---|---|---|---|---|"
    while ((getline line < goals) > 0) {
        if (line ~ /^#/ || line == "")
            continue
        $0 = line
        alone = measure_goal("arena")
        alone_met += is_met($5, $6, alone)
        v = measure_goal($3)
        range = v == "" ? "-" : digits(least) "-" digits(most)
        against = $4
        sub(/^self:/, "its own ", against)
        printf "| %s | %s | %s | %s | %s | %s | %s | %s |\n", words_from(line, 7), against,
            bound($5, $6), $3, digits(v), range, $3 == "arena" ? "" : digits(alone), verdict($5, $6, v)
    }
    printf "\nThe arena alone, which is what the product has, meets %d of these %d.\n", alone_met, goals_all
}

function nanoseconds(ticks)
{
    return ticks == "" || !hz ? "" : ticks / hz * 1e9
}

# A time that is mostly the counter's own is marked.
function time_cell(work, name, which,    v)
{
    v = middle(work, name, which)
    if (v == "")
        return "-"
    return digits(nanoseconds(v)) (v < 2 * floor_ticks ? " *" : "")
}

function title(work)
{
    if (work ~ /^request-/)
        return "Request-shaped, pages touched, threads: " substr(work, 9)
    if (work ~ /^written-/)
        return "Request-shaped, every byte written, threads: " substr(work, 9)
    if (work ~ /^pool-12800/)
        return "256 KiB, 12,800 live, untouched"
    if (work ~ /^pool/)
        return "256 KiB, 192 live, untouched, threads: " (work == "pool" ? 1 : substr(work, 6))
    if (work == "touched")
        return "256 KiB, 192 live, 128 random touches, warm"
    if (work == "trimmed")
        return "The same, memory given back between runs"
    if (work == "touched-12800")
        return "256 KiB, 12,800 live, 128 random touches"
    if (work == "touched-4m")
        return "4 MiB, 12 live, 128 random touches"
    if (work == "fragment")
        return "Fragmentation"
    if (work == "replay")
        return "A recorded trace of the responder, replayed"
    if (work ~ /^grow-/)
        return "Growing buffers at a time: " substr(work, 6)
    if (work ~ /^search-/)
        return "99 % of " substr(work, 8) " chunks taken, blocks of five, always the last one"
    if (work ~ /^full/)
        return "99 % of " substr(work, 7) " chunks taken, blocks of " (substr(work, 5, 1) == 1 ? "one" : "five") ", any one at random"
    return work
}

# One table a workload: whoever has a line in it.
function print_work(work,    i, name, has_memory)
{
    print "\n### " title(work) "\n"
    print "| | rate, 1/s | arena by it | P50, ns | P99, ns | deviation, ticks | faults | bytes copied | RSS, MiB |"
    print "|---|---|---|---|---|---|---|---|---|"
    for (i = 1; i <= who[0]; i++) {
        name = who[i]
        if (middle(work, name, "hz") == "")
            continue
        printf "| %s | %s | %s | %s | %s | %s | %s | %s | %s |\n", name,
            show("%.0f", middle(work, name, "rate")), digits(ratio(work, "rate", "arena", work, name)),
            time_cell(work, name, "p50"), time_cell(work, name, "p99"),
            show("%.0f", middle(work, name, "deviation")), digits(middle(work, name, "faults")),
            show("%.0f", middle(work, name, "copied")),
            middle(work, name, "resident_kb") == "" ? "-" : digits(middle(work, name, "resident_kb") / 1024)
    }
    print_ceiling(work)
    print_runs(work)
    if (work == "fragment")
        print_fragmentation()
}

# A figure of bump's by that of each other.
function bump_by_each(work, name,    i, line, v)
{
    for (i = 1; i <= who[0]; i++) {
        v = ratio(work, name, "bump", work, who[i])
        if (v != "" && who[i] != "bump")
            line = line (line == "" ? "" : ", ") who[i] " " digits(v)
    }
    return line
}

# Where nothing but the work itself is left, nobody can be faster.
function print_ceiling(work,    line)
{
    line = bump_by_each(work, "rate")
    if (line != "")
        print "\nThe most that any allocator can be ahead (bump by each): " line "."
    line = bump_by_each(work, "p99")
    if (line != "" && middle(work, "bump", "p99") >= 2 * floor_ticks)
        print "\nThe least that a P99 can be of another's (bump by each): " line "."
}

# The five runs within a slice.
function print_runs(work,    i, line, v)
{
    for (i = 1; i <= who[0]; i++) {
        v = middle(work, who[i], "spread")
        if (v != "")
            line = line (line == "" ? "" : ", ") who[i] sprintf(" %.1f", 100 * v)
    }
    if (line != "")
        print "\nThe five runs of a slice have a standard deviation, in % of their mean, of: " line "."
}

# What is there beside what lives, and what is left when nothing does.
function print_fragmentation(    i, name)
{
    print "\n| | RSS at its peak, MiB | by the most alive | by cmon2 | RSS after the last free, MiB |"
    print "|---|---|---|---|---|"
    for (i = 1; i <= who[0]; i++) {
        name = who[i]
        if (middle("fragment", name, "overhead") == "")
            continue
        printf "| %s | %s | %s | %s | %s |\n", name, digits(middle("fragment", name, "resident_kb") / 1024),
            digits(middle("fragment", name, "overhead")),
            digits(ratio("fragment", "resident_kb", name, "fragment", "cmon2")),
            digits(middle("fragment", name, "after_kb") / 1024)
    }
}

function write_threads(prefix, first, file,    t, i, line, w)
{
    line = "threads"
    for (i = 1; i <= who[0]; i++)
        line = line " " who[i]
    print line >file
    for (t = 1; t <= 16; t *= t == 1 ? 2 : 8) {
        w = t == 1 ? first : prefix t
        line = t
        for (i = 1; i <= who[0]; i++)
            line = line " " or_missing(middle(w, who[i], "rate"))
        print line >file
    }
    close(file)
}

function write_chunks(prefix, file,    c, i, line)
{
    line = "chunks"
    for (i = 1; i <= who[0]; i++)
        line = line " " who[i]
    print line >file
    for (c = 1000; c <= 1000000; c *= 10) {
        line = c
        for (i = 1; i <= who[0]; i++)
            line = line " " or_missing(nanoseconds(middle(prefix c, who[i], "cost")))
        print line >file
    }
    close(file)
}

# Blocks of "name", a blank line between two of them.
function write_series(    i, n, j, part, pair, file)
{
    file = data "/latency.dat"
    for (i = 1; i <= who[0]; i++) {
        if (!(("request-1", who[i]) in times))
            continue
        print who[i] >file
        n = split(times["request-1", who[i]], part, ",")
        for (j = 1; j <= n; j++) {
            split(part[j], pair, "/")
            print 1 / (1 - pair[1]), nanoseconds(pair[2]) >file
        }
        print "\n" >file
    }
    close(file)
    file = data "/rss.dat"
    for (i = 1; i <= who[0]; i++) {
        if (!(who[i] in series))
            continue
        print who[i] >file
        n = split(series[who[i]], part, ",")
        for (j = 1; j <= n; j++) {
            split(part[j], pair, "/")
            print 100 * j / n, pair[1] / 1024, pair[2] / 1024 >file
        }
        print "\n" >file
    }
    close(file)
}

END {
    print_head()
    print_goals()
    print "\n## Plots\n"
    print "![latency of a request](plots/alloc-latency.svg)\n\n![throughput by threads](plots/alloc-threads.svg)\n"
    print "![cost by chunks](plots/alloc-chunks.svg)\n\n![RSS over time](plots/alloc-rss.svg)"
    print "\n## Workloads\n"
    print "Faults and bytes copied are for each request, step or buffer.  Times include reading the counter; those of less than twice that are marked *.  The deviation is that of the shortest 999 in 1000."
    for (w = 1; w <= works[0]; w++)
        print_work(works[w])
    write_threads("request-", "request-1", data "/threads-request.dat")
    write_threads("pool-", "pool", data "/threads-pool.dat")
    write_chunks("search-", data "/chunks-search.dat")
    write_chunks("full5-", data "/chunks-random.dat")
    write_series()
    printf "\ngoals: %d of %d met\n", goals_met, goals_all
}
