# The benches are no tests, but their scripts have to work.
bench_scripts = %D%/report.sh %D%/smoke.sh
TESTS += $(bench_scripts)
dist_check_SCRIPTS += $(bench_scripts)
