# The benches are no tests, but their scripts have to work.
bench_scripts = %D%/report.sh %D%/smoke.sh %D%/alloc_report.sh %D%/alloc_smoke.sh \
	%D%/emulated.sh %D%/json_report.sh %D%/json_smoke.sh
TESTS += $(bench_scripts)
dist_check_SCRIPTS += $(bench_scripts)
EXTRA_DIST += %D%/lib.sh

check_PROGRAMS += %D%/check_alloc
TESTS += %D%/check_alloc
%C%_check_alloc_LDADD = $(SUITE_LIBS) $(ALLOC_LIBS) $(CHECK_LIBS)
