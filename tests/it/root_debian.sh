#!/bin/sh
# tests/it/root_debian.sh -- ./quickstart on a Debian 12 with nothing but git: it installs, starts no service, serves.
#
# With CMON_FULL only: a Debian is fetched, and then what quickstart needs.
limit=900 as_root=yes
also=".ci Makefile.am arena base bench check conf configure.ac entry exec fcgi man nginx quickstart tests turns"
also="$also HACKING.md LICENSE NEWS README.md SECURITY.md"
. "${0%/*}/lib.sh"
[ -n "$CMON_FULL" ] || it_skip_all "it takes minutes; CMON_FULL asks for it"
[ -z "$SAN" ] || it_skip_all "it makes a build of its own"
command -v debootstrap >/dev/null || it_skip_all "debootstrap is not installed"
unshare -m -p -f true 2>/dev/null || it_skip_all "no right to namespaces of mounts and processes"
# The machine's own mirror; names with a suffix are those of security and updates.
mirror=$(apt-get indextargets --format '$(CODENAME) $(REPO_URI)' \
    'Created-By: Packages' 'Origin: Debian' 'Component: main' | awk '$1 !~ /-/ { print $2; exit }')
[ -n "$mirror" ] || it_skip_all "apt has no lists of a Debian mirror"
D=$T/debian
unshare -m debootstrap --variant=minbase --include=ca-certificates,git bookworm "$D" "$mirror" >made 2>&1 ||
    it_skip_all "debootstrap has failed: $(tail -n 1 made)"

mv src "$D/root/cmon"
cat >"$D/root/try.sh" <<'END'
# What is left when this ends is ended with it: it is process 1.
mount -t proc proc /proc
cd /root/cmon || exit
ours() {
    pgrep -a 'nginx|cmon'
}
./quickstart >../first 2>&1
echo $? >../status
ours >../running
ls /usr/sbin/policy-rc.d >../policy 2>&1
./quickstart >../second 2>&1
./quickstart stop >../stopped 2>&1
ours >../left
END
# Processes and mounts are its own; the network is the machine's, for apt.
env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=dumb \
    unshare -m -p -f --kill-child sh -c 'mount --rbind /dev "$0/dev" && exec chroot "$0" sh /root/try.sh' "$D"
cd "$D/root" || exit 99
said=$(grep -m 1 -E 'Failed to fetch|Temporary failure' first) && it_skip_all "the mirror does not serve: $said"

is "./quickstart succeeds" "$(cat status)" 0
[ "$(cat status)" = 0 ] || note "$(tail -n 40 first)"
like "it says what it installs" "$(cat first)" '^\[ 1/7\] packages: installing .*gcc .*nginx .*spawn-fcgi'
like "and builds all of it" "$(cat first)" '^\[ 3/7\] build \.\.\. [0-9]+ s$'
like "an answer is shown" "$(cat first)" '^\{"status":"ok","code":200,"message":"Command executed"'
is "what was installed is there" "$(chroot "$D" dpkg-query -W -f '${db:Status-Status}\n' gcc make nginx spawn-fcgi | sort | uniq -c | xargs)" \
    "4 installed"
like "the ban on services is over" "$(cat policy)" 'No such file'
is "one nginx runs" "$(grep -c 'nginx: master' running)" 1
like "and it is quickstart's" "$(grep 'nginx: master' running)" 'cmon-quickstart-.*/nginx\.conf'
is "nginx does not start at boot either" "$(ls "$D"/etc/rc[2-5].d/S*nginx 2>/dev/null)" ""
like "which is said" "$(cat first)" 'nginx.service is off'
like "a second run says that it runs" "$(cat second)" '^cmon runs already'
like "stop ends it" "$(cat stopped)" '^stopped'
is "and nothing is left" "$(cat left)" ""
cd "$T" && finish
