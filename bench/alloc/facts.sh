# shellcheck shell=bash disable=SC2154 # what run-alloc sets
# bench/alloc/facts.sh -- what machine, what versions, for run-alloc.

# Lines "NAME: text" for the head of the report.
note_facts() {
    local how
    note_machine
    echo "pages: $(getconf PAGESIZE) bytes, huge ones: $(sed 's/.*\[\(.*\)\].*/\1/' \
        /sys/kernel/mm/transparent_hugepage/enabled 2>/dev/null || echo unknown)"
    note_compiler
    for how in '' -c; do
        # shellcheck disable=SC2086 # a word or none
        "$build/bench/alloc/slice" $how -s 0.001 arena grow-1 | awk -v chosen="${fence:-none}" -v this="${how:-none}" '
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
    note_load
}
