# bench/request/report.awk -- from the lines of a run to a report: medians, ratios, goals, data for plots.
#
# awk -v facts=FILE -v goals=FILE -v data=DIRECTORY -f ../lib.awk -f report.awk RESULTS
# rates.sh and alone.sh say what lines there are.  A rate's ratio is what the
# line says, or is made of it and the base's slices before and after it; the
# median counts, and what the machine does to a whole round falls out of it.

# Adds a figure to those of a name.
function add(name, value)
{
    values[name, ++count[name]] = value + 0
}

# The median of what a name has, "" for nothing; `least` and `most` are left behind.
function median(name,    n, i, list)
{
    n = name in count ? count[name] : 0
    for (i = 1; i <= n; i++)
        list[i] = values[name, i]
    return median_of_list(list, n)
}

function megabytes(kilobytes)
{
    return kilobytes == "" ? "" : kilobytes / 1024
}

# The words NAME=VALUE of this line, from field `from` on, into word[].
function read_words(from,    i, pair)
{
    delete word
    for (i = from; i <= NF; i++) {
        split($i, pair, "=")
        word[pair[1]] = pair[2]
    }
}

{
    read_words(3)
}

$1 == "skipped" {
    $1 = ""
    name = $2
    $2 = ""
    sub(/^ */, "")
    note_once(skipped, name ": " $0, seen_skipped)
    next
}

$1 == "rate" {
    read_words(6)
    cell = $2 "/" $3 "/" $4
    note_once(scopes, $2, seen_scopes)
    note_once(cases, $3, seen_cases)
    note_once(levels, $4, seen_levels)
    is_base = $5 == "floor" || $5 == "nginx"
    key = cell "/" $5
    add("rate/" key, word["rate"])
    add("p50/" key, word["p50_us"])
    add("p99/" key, word["p99_us"])
    if (is_base) {
        base_of[cell] = $5
        for (i = 1; i <= waiting; i++)
            add("ratio/" wait_key[i], wait_rate[i] * 2 / (base_rate + word["rate"]))
        waiting = 0
        base_rate = word["rate"]
        next
    }
    note_once(peers, $5, seen_peers)
    add("tail/" key, word["p99_us"] / word["p50_us"])
    if ("ratio" in word)
        add("ratio/" key, word["ratio"])
    else {
        wait_key[++waiting] = key
        wait_rate[waiting] = word["rate"]
    }
}

$1 == "memory" {
    read_words(4)
    add("memory/" $2 "/" $3 "/pss", word["pss_kb"])
    add("memory/" $2 "/" $3 "/dirty", word["dirty_kb"])
    add("memory/" $2 "/" $3 "/processes", word["processes"])
}

$1 == "first" && "ms" in word {
    add("first/" $2, word["ms"])
}

$1 == "herd" {
    read_words(4)
    add("answered/" $2 "/" $3, word["answered"])
    add("seconds/" $2 "/" $3, word["seconds"])
}

# A pair: alone, then beside N.
$1 == "beside" {
    read_words(4)
    if ($3 == 0)
        alone = "blocked" in word ? 0 : word["slow"]
    else if ("blocked" in word)
        blocked[$2, $3] = 1
    else if (alone)
        add("beside/" $2 "/" $3, word["slow"] / alone)
}

$1 == "spawn" {
    add("spawn/" $2 "/small", word["small_us"])
    add("spawn/" $2 "/large", word["large_us"])
    add("spawn/" $2 "/ratio", word["ratio"])
}

function print_head(    line)
{
    print "# What a request costs\n"
    print "Written by `bench/run-request`; bench/README.md says what is measured and how to read it."
    print "Compare ratios of one run: figures of two runs, or of two machines, say little.\n"
    while ((getline line < facts) > 0)
        print "- " line
    print "- spread: " spread_text()
    for (i = 1; i <= skipped[0]; i++)
        print "- skipped: " skipped[i]
}

# How far the slices of each floor lie apart.
function spread_text(    s, c, l, name, at, worst, spread)
{
    for (s = 1; s <= scopes[0]; s++)
        for (c = 1; c <= cases[0]; c++)
            for (l = 1; l <= levels[0]; l++) {
                name = scopes[s] "/" cases[c] "/" levels[l]
                if (!(name in base_of))
                    continue
                middle = median("rate/" name "/" base_of[name])
                spread = 100 * (most - least) / middle
                add("spread", spread)
                if (spread >= worst) {
                    worst = spread
                    at = cases[c] " at " levels[l] ", " tolower(scope_name(scopes[s]))
                }
            }
    return sprintf("the floors' slices lie %s %% apart at the median, %s %% at the worst (%s)",
        show("%.0f", median("spread")), show("%.0f", worst), at)
}

# cmon's figure of a goal.
function figure(name,    part)
{
    split(name, part, "/")
    if (part[1] == "ratio" || part[1] == "tail")
        return median(name "/cmon")
    if (part[1] == "spawn")
        return median("spawn/spawn/ratio")
    if (part[1] == "beside")
        return median("beside/cmon/" part[2])
    if (name == "herd/answered") {
        median("answered/cmon/500")
        return least
    }
    if (name == "herd/seconds")
        return median("seconds/cmon/500")
    if (name == "memory/everything/dirty")
        return megabytes(median("memory/cmon-everything/idle/dirty"))
    if (part[1] == "memory")
        return megabytes(median("memory/cmon/" part[2] "/" part[3]))
    if (part[1] == "first")
        return median("first/cmon")
    return ""
}

# One goal a line: figure, sense, limit, how it is called.
function print_goals(    line, g, what, value)
{
    print "\n## Goals\n"
    print "| goal | limit | measured | |"
    print "|---|---|---|---|"
    while ((getline line < goals) > 0) {
        if (line ~ /^#/ || split(line, g, " ") < 4)
            continue
        what = line
        sub(/^[^ ]+ +[^ ]+ +[^ ]+ +/, "", what)
        value = figure(g[1])
        printf "| %s | %s | %s | %s |\n", what, bound(g[2], g[3]), show("%.3g", value),
            verdict(g[2], g[3], value)
    }
}

function scope_name(scope)
{
    return scope == "one" ? "One core" : "All cores"
}

# Ratios: a row for each case and level, a column for each peer.
function print_ratios(scope,    c, l, p, cell)
{
    printf "\n## %s: rate against the floor\n\n| case | at once | floor 1/s |", scope_name(scope)
    for (p = 1; p <= peers[0]; p++)
        printf " %s |", peers[p]
    printf "\n|---|---|---|"
    for (p = 1; p <= peers[0]; p++)
        printf "---|"
    print ""
    for (c = 1; c <= cases[0]; c++)
        for (l = 1; l <= levels[0]; l++) {
            cell = scope "/" cases[c] "/" levels[l]
            if (!(cell in base_of))
                continue
            printf "| %s | %s | %.0f |", cases[c], levels[l], median("rate/" cell "/" base_of[cell])
            for (p = 1; p <= peers[0]; p++)
                printf " %s |", show("%.2f", median("ratio/" cell "/" peers[p]))
            print ""
        }
}

function print_details(scope,    c, l, p, cell, key, ratio)
{
    printf "\n### %s: in detail\n\n", scope_name(scope)
    print "| case | at once | | 1/s | ratio | from-to | p50 ms | p99 ms | p99/p50 |"
    print "|---|---|---|---|---|---|---|---|---|"
    for (c = 1; c <= cases[0]; c++)
        for (l = 1; l <= levels[0]; l++)
            for (p = 1; p <= peers[0]; p++) {
                cell = scope "/" cases[c] "/" levels[l]
                key = cell "/" peers[p]
                if (!(("rate/" key) in count))
                    continue
                ratio = median("ratio/" key)
                printf "| %s | %s | %s | %.0f | %s | %s-%s |", cases[c], levels[l], peers[p],
                    median_of("rate/" key), show("%.3f", ratio), show("%.2f", least), show("%.2f", most)
                printf " %.2f | %.2f | %.1f |\n", median_of("p50/" key) / 1000,
                    median_of("p99/" key) / 1000, median_of("tail/" key)
            }
}

# As median(), and leaves `least` and `most` alone.
function median_of(name,    l, m, middle)
{
    l = least
    m = most
    middle = median(name)
    least = l
    most = m
    return middle
}

function memory_cell(peer, state)
{
    return show("%.2f", megabytes(median("memory/" peer "/" state "/pss"))) " / " \
        show("%.2f", megabytes(median("memory/" peer "/" state "/dirty")))
}

function print_memory(    p, name)
{
    print "\n## Memory and first answer\n"
    print "PSS / private dirty in MB, over all processes of a server and none of the commands."
    print "With 500 sleepers a server is set up to take as many at once.\n"
    print "| | idle | after load | 500 sleepers | processes idle, 500 sleepers | first answer ms |"
    print "|---|---|---|---|---|---|"
    for (p = 1; p <= peers[0] + 1; p++) {
        name = p <= peers[0] ? peers[p] : "cmon-everything"
        if (("memory/" name "/idle/pss") in count)
            printf "| %s | %s | %s | %s | %s, %s | %s |\n", name, memory_cell(name, "idle"),
                memory_cell(name, "loaded"), memory_cell(name, "sleepers"),
                show("%d", median("memory/" name "/idle/processes")),
                show("%d", median("memory/" name "/sleepers/processes")),
                show("%.1f", median("first/" name))
    }
}

function beside_cell(peer, n)
{
    return (peer, n) in blocked ? "blocked" : show("%.2f", median("beside/" peer "/" n))
}

function print_herds(    p, name, seconds)
{
    print "\n## Many at once\n"
    print "500 x `sleep 3` at once: how many were answered within 7 s, and when the last one was; on all cores."
    print "Then what a fast request takes beside 8, 64 and 500 sleepers, against alone, on one core"
    print "(p50, each against the floor beside it).\n"
    print "| | answered | seconds | beside 8 | beside 64 | beside 500 |"
    print "|---|---|---|---|---|---|"
    for (p = 1; p <= peers[0]; p++) {
        name = "answered/" peers[p] "/500"
        if (!(name in count))
            continue
        seconds = median("seconds/" peers[p] "/500")
        median(name)
        printf "| %s | %d of 500 | %.2f | %s | %s | %s |\n", peers[p], least, seconds,
            beside_cell(peers[p], 8), beside_cell(peers[p], 64), beside_cell(peers[p], 500)
    }
}

function print_spawn(    i, way)
{
    print "\n## To start a process, with 500 MB resident and without\n"
    print "| | small, µs | 500 MB, µs | ratio |"
    print "|---|---|---|---|"
    for (i = 1; i <= 2; i++) {
        way = i == 1 ? "spawn" : "fork"
        printf "| %s | %s | %s | %s |\n", i == 1 ? "exec/spawn" : "fork, exec",
            show("%.0f", median("spawn/" way "/small")), show("%.0f", median("spawn/" way "/large")),
            show("%.2f", median("spawn/" way "/ratio"))
    }
}

function write_rates(scope,    file, l, p, line)
{
    file = data "/rates-" scope ".dat"
    line = "level"
    for (p = 1; p <= peers[0]; p++)
        line = line " " peers[p]
    print line >file
    for (l = 1; l <= levels[0]; l++) {
        line = levels[l]
        for (p = 1; p <= peers[0]; p++)
            line = line " " or_missing(median("ratio/" scope "/true/" levels[l] "/" peers[p]))
        print line >file
    }
    close(file)
}

function write_data(    p, key, file)
{
    write_rates("one")
    write_rates("all")
    file = data "/latency.dat"
    print "peer p50 p99" >file
    for (p = 1; p <= peers[0]; p++) {
        key = "one/true/16/" peers[p]
        if (("p50/" key) in count)
            print peers[p], median("p50/" key) / 1000, median("p99/" key) / 1000 >file
    }
    close(file)
    file = data "/memory.dat"
    print "peer idle loaded 500-sleepers" >file
    for (p = 1; p <= peers[0]; p++)
        print peers[p], or_missing(megabytes(median("memory/" peers[p] "/idle/pss"))),
            or_missing(megabytes(median("memory/" peers[p] "/loaded/pss"))),
            or_missing(megabytes(median("memory/" peers[p] "/sleepers/pss"))) >file
    close(file)
}

END {
    print_head()
    print_goals()
    for (s = 1; s <= scopes[0]; s++)
        print_ratios(scopes[s])
    print_memory()
    print_herds()
    print_spawn()
    print "\n## Plots\n"
    print "![rate ratios](plots/rates.svg)\n\n![latency](plots/latency.svg)\n\n![memory](plots/memory.svg)"
    for (s = 1; s <= scopes[0]; s++)
        print_details(scopes[s])
    write_data()
    printf "\ngoals: %d of %d met\n", goals_met, goals_all
}
