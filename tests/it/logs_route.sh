#!/bin/sh
# tests/it/logs_route.sh -- /logs with a journal's stand-in, and the real one's honest failure.
. "${0%/*}/lib.sh"

cat >bin/journalctl <<'END'
#!/bin/sh
echo "-- called with: $*"
i=0
while [ $i -lt 48 ]; do
    i=$((i + 1))
    printf 'Nov 21 10:00:%02d host unit[%d]: \033[31mred\033[0m "quoted" \\ \t ä\n' $i $i
done
printf 'cut off in the middle of \303'
END
chmod +x bin/journalctl
conf <<EOC
path = "$T/bin:/usr/bin:/bin"
EOC
serve
serve_web

answers 200 GET /logs
is "the last 50 lines are asked for, without a pager" "$(json .data | head -1)" "-- called with: -n 50 --no-pager"
is "all lines arrive" "$(json .data | grep -c 'host unit')" 48
ok "they arrive as they were, escaped" eval 'bin/journalctl -n 50 --no-pager | head -49 >want && jq -r .data body | head -49 | cmp - want'
is "half a character at the end is U+FFFD" "$(json .data | tail -1)" "cut off in the middle of �"
is "no raw control byte is in the JSON" "$(LC_ALL=C grep -c "$(printf '[\001-\037]')" body)" 0
answers 405 POST /logs
answers 400 GET '/logs?n=100000'
stop

# The machine's own journalctl: it may be missing, or have no journal.
conf </dev/null
serve
ask GET /logs
if ! command -v journalctl >/dev/null; then
    is "no journalctl: 500, and it is named" "$code $(json .data | cut -d : -f 1,2)" "500 journalctl: not found in PATH"
elif [ "$code" = 200 ]; then
    is "with a journal: at most 50 lines" "$([ "$(json .data | wc -l)" -le 51 ] && echo few)" few
else
    is "without a journal: 500 and an exit code" "$code $(json '.exit_code > 0')" "500 true"
    like "and its own words" "$(json .data)" '.'
fi
note "$code $(json '.data[:200]' | head -3)"

# And one that is not there at all.
stop
mkdir -p none
conf <<EOC
path = "$T/none"
EOC
serve
answers 500 GET /logs
like "a command that is not there is named, with where it was looked for" "$(json .data)" \
    "^journalctl: not found in PATH $T/none\$|^journalctl: not found in PATH"
is "its message" "$(json .message)" "Command failed"

finish
