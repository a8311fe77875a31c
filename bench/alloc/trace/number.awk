# bench/alloc/trace/number.awk -- from the lines of wrap.c to a trace that can be replayed.
#
# awk -v lines=N -f number.awk RAW
# Addresses become small numbers that are used again; whose beginning was not
# seen is left out, and at the end everything is given back.  What is written is
#   a N BYTES WRITTEN    a block, and how much of it will be written
#   s N BYTES   f N   r N BYTES   e N
# with the numbers of regions apart from those of blocks.

function number(kind, address,    n)
{
    n = spare[kind] > 0 ? unused[kind, spare[kind]--] : next_number[kind]++
    return of[kind, address] = n
}

function forget(kind, address)
{
    unused[kind, ++spare[kind]] = of[kind, address]
    delete of[kind, address]
}

count < lines && $1 == "a" {
    text[++count] = "a " number("block", $2) " " $3
    begun[$2] = count
}

count < lines && $1 == "s" && ("block", $2) in of {
    text[++count] = "s " of["block", $2] " " $3
}

# How much was written is known at the end only, even where that is cut off.
$1 == "f" && $2 in begun {
    text[begun[$2]] = text[begun[$2]] " " $3
    delete begun[$2]
    if (count < lines) {
        text[++count] = "f " of["block", $2]
        forget("block", $2)
    }
}

# A region is one when it has been reset: configurations are not.
$1 == "e" {
    seen_reset[$2] = 1
    if (count < lines && ("region", $2) in of) {
        text[++count] = "e " of["region", $2]
        forget("region", $2)
    }
}

count < lines && $1 == "r" && $2 in seen_reset {
    if (!(("region", $2) in of))
        number("region", $2)
    text[++count] = "r " of["region", $2] " " $3
}

END {
    print "# bench/alloc/trace/requests -- what the responder asked of its memory; recorded by record.sh, lines as number.awk says"
    for (i = 1; i <= count; i++)
        print text[i] (text[i] ~ /^a/ && split(text[i], word, " ") == 3 ? " " 0 : "")
    for (key in of) {
        split(key, word, SUBSEP)
        print (word[1] == "block" ? "f " : "e ") of[key]
    }
}
