# End to end: real nginx, spawn-fcgi and curl around the built cmon.
it_scripts = \
	%D%/api.sh \
	%D%/auth.sh \
	%D%/cgi.sh \
	%D%/cli.sh \
	%D%/config_errors.sh \
	%D%/disconnect.sh \
	%D%/faults.sh \
	%D%/git.sh \
	%D%/house.sh \
	%D%/init.sh \
	%D%/injection.sh \
	%D%/leftover.sh \
	%D%/limits.sh \
	%D%/lossless.sh \
	%D%/log.sh \
	%D%/logs_route.sh \
	%D%/malformed.sh \
	%D%/memory.sh \
	%D%/missing_libs.sh \
	%D%/modes.sh \
	%D%/other_servers.sh \
	%D%/output.sh \
	%D%/parallel.sh \
	%D%/quickstart_user.sh \
	%D%/races.sh \
	%D%/reload.sh \
	%D%/restart.sh \
	%D%/root_cgroup.sh \
	%D%/rlimits.sh \
	%D%/root_debian.sh \
	%D%/root_delays.sh \
	%D%/root_freezer.sh \
	%D%/root_quickstart.sh \
	%D%/routing.sh \
	%D%/scheduling.sh \
	%D%/secrets.sh \
	%D%/shared_hosting.sh \
	%D%/signals.sh \
	%D%/slow_peers.sh \
	%D%/stdin.sh \
	%D%/steady.sh \
	%D%/uml_cgroup.sh \
	%D%/usage.sh
TESTS += $(it_scripts)
dist_check_SCRIPTS += $(it_scripts)
EXTRA_DIST += %D%/lib.sh %D%/serve.sh %D%/fcgi_raw.py %D%/load.py %D%/holder.py %D%/scan.py %D%/small_init.py tests/.may_include .ci/check-includes
