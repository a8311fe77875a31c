#!/bin/sh
# tests/bench/report.sh -- bench/request/report.awk makes of known lines what can be worked out by hand.
set -u

# shellcheck source=tests/bench/lib.sh
. "${top_srcdir:-.}/tests/bench/lib.sh"

echo 'machine: canned' >"$tmp/facts"
cat >"$tmp/goals" <<'END'
# a comment
ratio/one/true/16      >= 0.88  true at 16
ratio/one/true/1       >= 0.7   true at 1
ratio/all/true/16      >= 0.82  true on all cores
tail/one/true/16       <= 1.5   the tail
spawn/ratio            <= 1.1   spawn
beside/8               <= 1.1   beside 8
herd/answered          >= 500   herd answered
herd/seconds           <= 3.3   herd seconds
memory/sleepers/pss    <= 10    sleepers PSS
memory/idle/dirty      <= 0.7   idle dirty
memory/everything/dirty <= 1.5  everything dirty
first/ms               <= 6     first answer
END
# The floor slows down from 1000 to 800: cmon's slice lies between both, the
# second after 800 and before 1200.  Ratios 720/900 = 0.8, 900/1000 = 0.9, and
# 1000/1250 = 0.8 in the next round; other's 450/900 = 0.5.
cat >"$tmp/results" <<'END'
skipped absent not installed: absent
skipped absent not installed: absent
rate one true 16 floor rate=1000.0 p50_us=10 p99_us=20 n=9 seconds=1
rate one true 16 cmon rate=720.0 p50_us=100 p99_us=200 n=9 seconds=1
rate one true 16 other rate=450.0 p50_us=100 p99_us=900 n=9 seconds=1
rate one true 16 floor rate=800.0 p50_us=10 p99_us=20 n=9 seconds=1
rate one true 16 cmon rate=900.0 p50_us=100 p99_us=120 n=9 seconds=1
rate one true 16 floor rate=1200.0 p50_us=10 p99_us=20 n=9 seconds=1
rate one true 1 floor rate=500.0 p50_us=10 p99_us=20 n=9
rate one true 1 cmon rate=1.0 p50_us=10 p99_us=20 n=9 ratio=0.7000
rate one true 1 other rate=1.0 p50_us=10 p99_us=20 n=9 ratio=0.1000
rate one true 16 floor rate=1250.0 p50_us=10 p99_us=20 n=9 seconds=1
rate one true 16 cmon rate=1000.0 p50_us=100 p99_us=130 n=9 seconds=1
rate one true 16 floor rate=1250.0 p50_us=10 p99_us=20 n=9 seconds=1
memory cmon idle pss_kb=2048 dirty_kb=512 processes=1
memory cmon loaded pss_kb=4096 dirty_kb=1024 processes=1
memory cmon sleepers pss_kb=11264 dirty_kb=1024 processes=1
memory cmon-everything idle pss_kb=2048 dirty_kb=1024 processes=1
first cmon ms=9.0
first cmon ms=5.0
first cmon ms=4.0
beside cmon 0 slow=2.0 p50_us=10
beside cmon 8 slow=2.1 p50_us=10
beside cmon 0 slow=4.0 p50_us=10
beside cmon 8 slow=4.8 p50_us=10
beside cmon 0 slow=1.0 p50_us=10
beside cmon 8 slow=1.0 p50_us=10
beside other 0 slow=1.0 p50_us=10
beside other 8 blocked=1
herd cmon 500 asked=500 answered=500 refused=0 seconds=3.1
herd cmon 500 asked=500 answered=499 refused=1 seconds=3.2
herd cmon 500 asked=500 answered=500 refused=0 seconds=3.9
herd other 500 asked=500 answered=2 refused=0 seconds=6.0
spawn spawn small_us=50 large_us=52 ratio=1.040
spawn fork small_us=200 large_us=9000 ratio=45.0
END
report request
is "it complains of nothing" "$(cat "$tmp/complaints")" ""
like "it says what machine it was" "- machine: canned"
is "a peer that was skipped is named once" "$(grep -c '^- skipped: absent: not installed: absent$' "$tmp/report")" 1
like "a ratio is made with the floor before and after, and the median counts" \
    "| true at 16 | ≥ 0.88 | 0.8 | **not met**, by 9.1 % |"
like "a peer in the same gap is held against the same two slices" "| true | 16 | 1200 | 0.80 | 0.50 |"
like "a ratio that a line has is taken, and a limit reached is met" "| true at 1 | ≥ 0.7 | 0.7 | met |"
like "what was not measured is called so" "| true on all cores | ≥ 0.82 | - | not measured |"
like "a tail is the median of the slices' own" "| the tail | ≤ 1.5 | 1.3 | met |"
like "spawn is ours, not fork's" "| spawn | ≤ 1.1 | 1.04 | met |"
like "beside is held against alone just before" "| beside 8 | ≤ 1.1 | 1.05 | met |"
like "of herds the worst one counts" "| herd answered | ≥ 500 | 499 | **not met**, by 0.2 % |"
like "of their times the median" "| herd seconds | ≤ 3.3 | 3.2 | met |"
like "memory is in MB" "| sleepers PSS | ≤ 10 | 11 | **not met**, by 10.0 % |"
like "idle is not loaded" "| idle dirty | ≤ 0.7 | 0.5 | met |"
like "everything has a figure of its own" "| everything dirty | ≤ 1.5 | 1 | met |"
like "the first answer is a median" "| first answer | ≤ 6 | 5 | met |"
like "who cannot answer meanwhile is blocked" "| other | 2 of 500 | 6.00 | blocked | - | - |"
is "the last line counts the goals" "$(tail -n 1 "$tmp/report")" "goals: 8 of 12 met"
is "plots get what tables say" "$(cat "$tmp/rates-one.dat")" "level cmon other
16 0.8 0.5
1 0.7 0.1"
is "memory of who has none is missing" "$(tail -n 1 "$tmp/memory.dat")" "other ? ? ?"

report_nothing request 12
finish
