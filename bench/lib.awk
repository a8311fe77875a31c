# bench/lib.awk -- what the reports of the benches share: medians, cells of a table, verdicts.
#
# Given to awk before a report.awk.

# The median of list[1..n], which gets sorted, "" for nothing; `least` and `most`
# are left behind.
function median_of_list(list, n,    i, j, v)
{
    if (!n) {
        least = most = ""
        return ""
    }
    for (i = 2; i <= n; i++) {
        v = list[i]
        for (j = i - 1; j > 0 && list[j] > v; j--)
            list[j + 1] = list[j]
        list[j + 1] = v
    }
    least = list[1]
    most = list[n]
    return n % 2 ? list[(n + 1) / 2] : (list[n / 2] + list[n / 2 + 1]) / 2
}

# A number as it is printed, "-" for none.
function show(format, value)
{
    return value == "" ? "-" : sprintf(format, value)
}

# The same in data for a plot.
function or_missing(value)
{
    return value == "" ? "?" : value
}

# Adds a thing to a list unless it is there; list[0] is how many there are.
function note_once(list, thing, seen)
{
    if (seen[thing]++)
        return
    list[++list[0]] = thing
}

# The limit of a goal as it is printed.
function bound(sense, limit)
{
    return (sense == ">=" ? "≥ " : "≤ ") limit
}

function is_met(sense, limit, value)
{
    return value != "" && (sense == ">=" ? value >= limit : value <= limit)
}

# What became of a goal; counts it.
function verdict(sense, limit, value)
{
    goals_all++
    if (value == "")
        return "not measured"
    if (is_met(sense, limit, value)) {
        goals_met++
        return "met"
    }
    return sprintf("**not met**, by %.1f %%", 100 * (sense == ">=" ? limit - value : value - limit) / limit)
}

# The words of a text from the given one on.
function words_from(text, from,    w, n, i)
{
    n = split(text, w, " ")
    text = ""
    for (i = from; i <= n; i++)
        text = text (i > from ? " " : "") w[i]
    return text
}
