#!/bin/sh
# tests/it/injection.sh -- hostile inputs are refused before any process starts, or stay plain data.
. "${0%/*}/lib.sh"

# Whatever is started leaves a line in `started`, and its arguments one a line.
for name in git deploy.sh teardown.sh; do
    cat >"bin/$name" <<-END
	#!/bin/sh
	echo "\$0" >>$T/started
	[ \$# -eq 0 ] || printf '%s\n' "\$@"
	END
    chmod +x "bin/$name"
done
conf <<EOC
path = "$T/bin:/usr/bin:/bin"
workdir = "bin"
route "/text" {
    argv = { "printf", "%s|", "{t}", "--opt={t}" }
    param "t" { type = text  max_len = 200 }
}
route "/dash" {
    argv = { "printf", "%s|", "x", "{t}" }
    param "t" { type = text  max_len = 200  allow_dash = yes }
}
route "/int"  { argv = { "echo", "{i}" } param "i" { type = int  min = -5  max = 10 } }
route "/enum" { argv = { "echo", "{e}" } param "e" { type = enum  values = { "a", "b c" } } }
route "/bool" { argv = { "echo", "{b}" } param "b" { type = bool } }
route "/path" { argv = { "cat", "{p}" } param "p" { type = path  root = "$T/root" } }
route "/env"  { argv = { "sh", "-c", "printf %s \\"\$V\\"" } param "v" { type = text  max_len = 99  env = "V" } }
route "/printenv" { argv = { "env" } }
EOC
mkdir -p root/sub
echo inside >root/sub/file
echo outside >outside
ln -s "$T/outside" root/link
serve
serve_web

escaped() { # TEXT: percent-encoded
    printf %s "$1" | od -An -v -tx1 | tr -d '\n' | tr ' ' %
}

# FACTS: each of these means something else to git, to a shell, or to a file.
long=$(printf '%0101d' 0)
while IFS= read -r branch; do
    for row in "PUT /sync_upstream" "POST /deploy_branch" "DELETE /teardown_branch"; do
        ask "${row% *}" "${row#* }?branch=$(escaped "$branch")"
        is "branch '$(echo "$branch" | cut -c 1-50)' is refused by ${row#* }" \
            "$code $(json .message | cut -d ' ' -f 1-2)" "400 parameter branch:"
    done
done <<EOF2
--upload-pack=touch $T/canary;git-upload-pack
-x
--
--end-of-options

:
a:b
:main
+main
refs/heads/main
refs/pull/1/head
pull/1/head
HEAD
\$(touch $T/canary)
a;touch $T/canary
a|touch $T/canary
a&touch $T/canary
\`touch $T/canary\`
a>$T/canary
..
a..b
../../etc/passwd
a//b
/a
a/
a.
.a
a/.b
a.lock
a.lock/b
a b
a~1
a^
a@{1}
a*
a?
a[b]
a\\b
{branch}
ä
$long
EOF2
for bad in 'branch=a%00b' 'branch=a%0Ab' 'branch=a%09b' 'branch=%' 'branch=%4' 'branch=%zz' 'branch=%FF' \
    'branch=main&branch=main' 'branch=main&x=1' 'BRANCH=main' 'branch=main&_x=1' 'branch' 'branch[]=a' \
    'branch=a&&&x' '=main' 'branch=main=x'; do
    answers 400 PUT "/sync_upstream?$bad"
done
is "nothing of all that started a process" "$(cat started canary 2>/dev/null)" ""

answers 200 PUT "/sync_upstream?branch=feature/A-1.2_b"
is "a good name arrives as it is" "$(json .data | xargs)" "pull --ff-only origin refs/heads/feature/A-1.2_b"
is "and ran git once" "$(wc -l <started)" 1

# Values that are allowed stay one argument, whatever is in them.
# shellcheck disable=SC2016
hostile='$(touch canary)`touch canary`;|&><*?~ "'"'"' {t} %s %n \'
answers 200 GET "/text?t=$(escaped "$hostile")"
is "a text is one argument, unchanged" "$(json .data)" "$hostile|--opt=$hostile|"
answers 400 GET "/text?t=-rf"
like "a text that would be an option is refused" "$(json .message)" '^parameter t: '
answers 200 GET "/dash?t=-rf"
answers 200 GET "/text?t=a+b%2Bc"
is "plus is a space, %2B is a plus" "$(json .data)" "a b+c|--opt=a b+c|"
for bad in 't=%0A' 't=%1B' 't=%7F' 't=%C0%80' 't=%ED%A0%80' "t=$(printf '%0201d' 0)"; do
    answers 400 GET "/text?$bad"
done
for bad in i=11 i=-6 i=1x i= i=0x1 i=1e1 i=+1 i=%201 i=99999999999999999999 e=c e= e=A e=a%00 b=maybe b=; do
    case $bad in i*) to=/int ;; e*) to=/enum ;; *) to=/bool ;; esac
    answers 400 GET "$to?$bad"
done
is "enum: a word with a space" "$(ask GET '/enum?e=b%20c' && json .data)" "b c"
is "bool becomes true" "$(ask GET '/bool?b=yes' && json .data)" true
for bad in ../outside sub/../../outside /etc/passwd link sub/%2e%2e/%2e%2e/outside; do
    answers 400 GET "/path?p=$bad"
done
is "a path below the root is good" "$(ask GET /path?p=sub/file && json .data)" inside
is "a value in the environment stays data" "$(ask GET "/env?v=$(escaped '$(id);x')" && json .data)" '$(id);x'

# Nothing of a request's parameters reaches a command's environment.
out=$(raw begin request:GET:/printenv key pair:GIT_SSH_COMMAND=evil pair:LD_PRELOAD=/evil.so \
    pair:PATH=/evil pair:GIT_CONFIG_COUNT=1 "pair:HTTP_USER_AGENT=() { :;}; touch $T/canary" \
    pair:HTTP_PROXY=http://evil pair:BASH_ENV=/evil params params-end stdin-end read)
like "parameters named like variables are answered" "$out" '^Status: 200'
is "and are not in the environment" "$(echo "$out" | grep -ci 'evil\|canary')" 0
is "no canary has been touched" "$(ls canary bin/canary 2>/dev/null)" ""

finish
