#!/bin/sh
# tests/it/git.sh -- sync, deploy and teardown on a real repository with a real deploy.sh.
. "${0%/*}/lib.sh"

git config --global user.name tester
git config --global user.email tester@example.invalid
git config --global init.defaultBranch main
git config --global advice.detachedHead false

# A bare origin, a clone where somebody works, and the clone that is deployed.
mkdir work
(
    set -e
    git init -q --bare origin.git
    git clone -q origin.git work
    cd work
    cat >deploy.sh <<-'END'
	#!/bin/sh
	# Checks a branch out and leaves a service running, as deploys do.
	set -e
	echo "deploying $1"
	git fetch -q origin "+refs/heads/$1:refs/remotes/origin/$1"
	git checkout -q --detach "refs/remotes/origin/$1"
	[ ! -e service.pid ] || kill "$(cat service.pid)" 2>/dev/null || :
	sleep 300 &
	echo $! >service.pid
	cat page
	END
    cat >teardown.sh <<-'END'
	#!/bin/sh
	kill "$(cat service.pid)" && rm service.pid && echo "removed $1"
	END
    chmod +x deploy.sh teardown.sh
    echo first >page
    git add -A
    git commit -qm first
    git push -q origin main
    git clone -q "$T/origin.git" "$T/app"
) 2>git.err || fail "the repository can be made" "$(cat git.err)"

commit() { # BRANCH TEXT
    (cd work && git checkout -qB "$1" && echo "$2" >page && git commit -qam "$2" && git push -q origin "$1") 2>git.err
}

conf <<'EOC'
workdir = "app"
route "/deploy_branch" { timeout = 20 }
EOC
serve
serve_web

answers 200 PUT /sync_upstream
like "nothing new upstream is said so" "$(json .data)" 'Already up to date'
commit main second
answers 200 PUT /sync_upstream
is "a new commit has arrived" "$(cat app/page)" second
commit main third
answers 200 PUT '/sync_upstream?branch=main'
is "and the next one" "$(cat app/page)" third
answers 500 PUT '/sync_upstream?branch=nowhere'
like "an unknown branch: git's own words are in the answer" "$(json .data)" "couldn't find remote ref refs/heads/nowhere"
like "and git's exit code" "$(json .exit_code)" '^(1|128)$'

(cd app && echo local >local && git add local && git commit -qm local)
commit main fourth
before=$(git -C app rev-parse HEAD)
answers 500 PUT /sync_upstream
like "a diverged branch is not merged" "$(json .data)" 'ast-forward'
is "and the working directory is as it was" "$(git -C app rev-parse HEAD) $(cat app/page)" "$before third"
git -C app reset -q --hard refs/remotes/origin/main

mv origin.git away.git
answers 500 PUT /sync_upstream
like "an origin that is gone is told" "$(json .data)" 'does not appear to be a git repository|not exist'
mv away.git origin.git

commit feature/x on-x
answers 200 POST '/deploy_branch?branch=feature/x'
is "deploy.sh ran with the branch" "$(json .data)" "deploying feature/x
on-x"
is "the branch is checked out" "$(cat app/page)" on-x
service=$(cat app/service.pid)
sleep 0.3
ok "what deploy.sh left running runs on after the answer" kill -0 "$service"
is "and is not told as leftover" "$(json 'has("leftover")')" false
answers 200 GET /deploy_branch
is "the default branch is main" "$(json .data)" "deploying main
fourth"
ok "the first service was replaced by the script" within 2 gone "$service"
service=$(cat app/service.pid)
answers 500 POST '/deploy_branch?branch=nowhere'
like "a deploy that fails says why" "$(json .data)" "deploying nowhere"
ok "and leaves the service alone" kill -0 "$service"
answers 200 DELETE '/teardown_branch?branch=feature/x'
is "teardown.sh ran" "$(json .data)" "removed feature/x"
ok "the service has ended" within 2 gone "$service"
answers 500 DELETE /teardown_branch

# Option injection against the real git: `touch canary` would run in the clone.
for evil in "--upload-pack=touch%20canary;git-upload-pack" "refs/heads/main" "HEAD" "main:evil"; do
    answers 400 PUT "/sync_upstream?branch=$evil"
done
is "no canary" "$(find app -name canary)" ""

# The environment that keeps git quiet and in the foreground.
mkdir path
cat >path/git <<'END'
#!/bin/sh
env
END
chmod +x path/git
stop
conf <<EOC
path = "$T/path:/usr/bin:/bin"
EOC
serve
ask PUT /sync_upstream
like "git may not prompt" "$(json .data)" '^GIT_TERMINAL_PROMPT=0$'
like "git may not detach its gc" "$(json .data | sort | xargs)" \
    'GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=gc.autoDetach GIT_CONFIG_VALUE_0=false'

finish
