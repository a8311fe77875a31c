# bench/json/report.awk -- from the lines of a run to a report: rates, ratios, goals.
#
# awk -v facts=FILE -v goals=FILE -f ../lib.awk -f report.awk RESULTS
# A line is "ROUND slice CONTENDER TEXT BYTES ns=TIME", the time for one string.
# A ratio is made of two lines of a round; the median of the rounds counts.

$1 == "what" {
    what[$2] = words_from($0, 3)
    note_once(who, $2, seen_who)
}

$1 == "skipped" {
    skipped[++skips] = $2 ": " words_from($0, 3)
}

$2 == "slice" {
    if ($1 > rounds)
        rounds = $1
    note_once(texts, $4, seen_texts)
    note_once(sizes, $5, seen_sizes)
    took[$4, $5, $3, $1] = substr($6, 4)
}

# GB of input in a second.
function rate(text, bytes, name,    r, n, list)
{
    for (r = 1; r <= rounds; r++)
        if ((text, bytes, name, r) in took)
            list[++n] = bytes / took[text, bytes, name, r]
    return median_of_list(list, n)
}

# Our rate by theirs.
function ratio(text, bytes, name,    r, n, list)
{
    for (r = 1; r <= rounds; r++)
        if ((text, bytes, name, r) in took && (text, bytes, "cmon", r) in took)
            list[++n] = took[text, bytes, name, r] / took[text, bytes, "cmon", r]
    return median_of_list(list, n)
}

function print_head(    line, i)
{
    print "# What escaping costs\n"
    print "Written by `bench/run-json`; bench/README.md says what is measured and how to read it."
    print "Compare ratios of one run: figures of two runs, or of two machines, say little.\n"
    while ((getline line < facts) > 0)
        print "- " line
    print "- measured: " rounds + 0 " rounds"
    for (i = 1; i <= skips; i++)
        print "- skipped: " skipped[i]
    print "\n| contender | what |\n|---|---|"
    for (i = 1; i <= who[0]; i++)
        printf "| %s | %s |\n", who[i], what[who[i]]
}

function print_goals(    line, v, range)
{
    print "\n## Goals\n"
    print "| goal | against | limit | measured | from-to | |"
    print "|---|---|---|---|---|---|"
    while ((getline line < goals) > 0) {
        if (line ~ /^#/ || line == "")
            continue
        $0 = line
        v = $3 == "-" ? rate($1, $2, "cmon") : ratio($1, $2, $3)
        range = v == "" ? "-" : sprintf("%.3g-%.3g", least, most)
        printf "| %s | %s | %s | %s | %s | %s |\n", words_from(line, 6), $3, bound($4, $5),
            show("%.3g", v), range, verdict($4, $5, v)
    }
}

# A row for each text and size, a column for each contender.
function print_table(heading, of_rates,    s, t, i)
{
    printf "\n## %s\n\n| text | bytes |", heading
    for (i = 1; i <= who[0]; i++)
        if (of_rates || who[i] != "cmon")
            printf " %s |", who[i]
    printf "\n|---|---|"
    for (i = of_rates ? 1 : 2; i <= who[0]; i++)
        printf "---|"
    print ""
    for (s = 1; s <= sizes[0]; s++)
        for (t = 1; t <= texts[0]; t++) {
            printf "| %s | %s |", texts[t], sizes[s]
            for (i = 1; i <= who[0]; i++)
                if (of_rates || who[i] != "cmon")
                    printf " %s |", show("%.3g", of_rates ? rate(texts[t], sizes[s], who[i]) : \
                        ratio(texts[t], sizes[s], who[i]))
            print ""
        }
}

END {
    print_head()
    print_goals()
    print_table("GB of input in a second", 1)
    print_table("cmon's rate to that of", 0)
    printf "\ngoals: %d of %d met\n", goals_met, goals_all
}
