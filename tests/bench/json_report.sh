#!/bin/sh
# tests/bench/json_report.sh -- bench/json/report.awk makes of known lines what can be worked out by hand.
set -u

# shellcheck source=tests/bench/lib.sh
. "${top_srcdir:-.}/tests/bench/lib.sh"

echo 'machine: canned' >"$tmp/facts"
cat >"$tmp/goals" <<'END'
# a comment
plain 1000 memcpy >= 0.5 plain: rate
plain 1000 slow >= 4 plain: rate
plain 1000 absent >= 1 plain: rate
random 1000 - >= 0.25 random: GB/s
END
# A GB/s is a byte in a nanosecond.  Ratios to memcpy: 0.4, 0.5, 0.8; to slow: 2, 3.
cat >"$tmp/results" <<'END'
skipped absent not installed: libabsent-dev
what memcpy the C library's
what cmon an escaper
what slow slow 1.0
1 slice memcpy plain 1000 ns=40
1 slice cmon plain 1000 ns=100
1 slice slow plain 1000 ns=200
2 slice slow plain 1000 ns=600
2 slice cmon plain 1000 ns=200
2 slice memcpy plain 1000 ns=100
3 slice memcpy plain 1000 ns=400
3 slice cmon plain 1000 ns=500
1 slice cmon random 1000 ns=4000
END
report json
is "it complains of nothing" "$(cat "$tmp/complaints")" ""
like "it says what machine it was" "- machine: canned"
like "who was skipped is named" "- skipped: absent: not installed: libabsent-dev"
like "a library tells its version" "| slow | slow 1.0 |"
like "a ratio is made within a round, and the median counts" "| plain: rate | memcpy | ≥ 0.5 | 0.5 | 0.4-0.8 | met |"
like "a goal is missed by so much" "| plain: rate | slow | ≥ 4 | 2.5 | 2-3 | **not met**, by 37.5 % |"
like "what was not measured is called so" "| plain: rate | absent | ≥ 1 | - | - | not measured |"
like "a rate alone may be a goal" "| random: GB/s | - | ≥ 0.25 | 0.25 | 0.25-0.25 | met |"
like "rates stand in a row" "| plain | 1000 | 10 | 5 | 3.33 |"
like "who cannot has none" "| random | 1000 | - | 0.25 | - |"
like "ratios stand in a row, ours is none" "| plain | 1000 | 0.5 | 2.5 |"
is "the last line counts the goals" "$(tail -n 1 "$tmp/report")" "goals: 2 of 4 met"

report_nothing json 4
finish
