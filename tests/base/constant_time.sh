#!/bin/sh
# tests/base/constant_time.sh -- no branch and no address depends on a key or a token.
set -u

program=${top_builddir:-.}/tests/base/constant_time

if ! command -v valgrind >/dev/null 2>&1; then
    echo '1..0 # SKIP valgrind is not installed'
    exit 0
fi
# Without valgrind the program tells only whether valgrind could judge it.
if "$program" | grep -q built; then
    echo '1..0 # SKIP built with a sanitizer or without the headers of valgrind'
    exit 0
fi

number=0
failed=0

# judge WHAT HOW EXPECTED: runs HOW; EXPECTED is 0, or 99 where valgrind has to complain.
judge()
{
    number=$((number + 1))
    said=$(valgrind --quiet --error-exitcode=99 "$program" "$2" 2>&1)
    status=$?
    if [ "$status" -eq "$3" ]; then
        echo "ok $number - $1"
    else
        failed=1
        echo "$said" | sed 's/^/# /'
        echo "# exit status $status, expected $3"
        echo "not ok $number - $1"
    fi
}

echo 1..4
judge 'decoding and comparing several tokens depends on no secret' decide 0
judge 'a decoder that branches on a digit is noticed' branch 99
judge 'a decoder that looks digits up in a table is noticed' look-up 99
judge 'a comparison that stops at the first difference is noticed' compare 99
exit $failed
