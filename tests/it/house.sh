#!/bin/sh
# tests/it/house.sh -- the house keeps its floors: what a folder includes is what it may.
src=${top_srcdir:-${0%/*}/../..}
echo 1..1
if said=$("$src/.ci/check-includes" "$src"); then
    echo "ok 1 - a folder includes only what its .may_include names"
else
    echo "not ok 1 - a folder includes only what its .may_include names"
    echo "$said" | sed 's/^/# /'
fi
