# Torture: what may go wrong does, again and again.
#
#     make torture                 all of it, five to ten minutes on two cores
#     make torture TORTURE=30      30 percent of the counts
#     make soak SOAK=1000000       a million requests, with figures
#
# Each script runs in its short form in `make check`, a minute in all, and says
# in its first lines what it proves and how long it takes.
TORTURE = 100
SOAK = 1000000

torture_scripts = \
	%D%/clocks.sh \
	%D%/faults_live.sh \
	%D%/faults_start.sh \
	%D%/kill.sh \
	%D%/markers.sh \
	%D%/nomem.sh \
	%D%/root_kill.sh \
	%D%/root_pids.sh \
	%D%/shortage.sh
torture_drivers = \
	%D%/clocks.py \
	%D%/faults.py \
	%D%/kill.py \
	%D%/late.py \
	%D%/markers.py \
	%D%/nomem.py \
	%D%/rig.py \
	%D%/shortage.py \
	%D%/starve.py \
	%D%/torture.sh

check_PROGRAMS += %D%/fault %D%/jump.so %D%/nomem.so
%C%_fault_SOURCES = %D%/fault.c
# Preloaded into cmon, whatever cmon is built with.
%C%_jump_so_SOURCES = %D%/jump.c
%C%_jump_so_CFLAGS = -std=gnu11 $(WARN_CFLAGS) -fPIC
%C%_jump_so_LDFLAGS = -shared
%C%_nomem_so_SOURCES = %D%/nomem.c
%C%_nomem_so_CFLAGS = -std=gnu11 $(WARN_CFLAGS) -fPIC
%C%_nomem_so_LDFLAGS = -shared

TESTS += $(torture_scripts)
dist_check_SCRIPTS += $(torture_scripts) %D%/soak.sh
EXTRA_DIST += $(torture_drivers)

.PHONY: torture soak
torture:
	CMON_TORTURE=$(TORTURE) $(MAKE) check TESTS='$(torture_scripts)'
soak:
	CMON_SOAK=$(SOAK) $(MAKE) check TESTS=tests/torture/soak.sh
