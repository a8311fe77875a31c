# Torture: what may go wrong does, again and again.
#
#     make torture                 all of it, about 20 minutes on two idle cores
#     make torture TORTURE=30      30 percent of the counts
#     make soak SOAK=1000000       a million requests, with figures
#
# Each script runs in its short form in `make check`, a minute in all, and says
# in its first lines what it proves and how long it takes.
TORTURE = 100
SOAK = 1000000

torture_scripts = \
	%D%/faults_live.sh \
	%D%/faults_start.sh \
	%D%/kill.sh \
	%D%/nomem.sh
torture_drivers = \
	%D%/faults.py \
	%D%/kill.py \
	%D%/nomem.py \
	%D%/rig.py \
	%D%/starve.py \
	%D%/torture.sh

check_PROGRAMS += %D%/fault %D%/nomem.so
%C%_fault_SOURCES = %D%/fault.c
%C%_nomem_so_SOURCES = %D%/nomem.c
%C%_nomem_so_CFLAGS = -std=gnu11 $(WARN_CFLAGS) -fPIC
%C%_nomem_so_LDFLAGS = -shared

TESTS += $(torture_scripts)
dist_check_SCRIPTS += $(torture_scripts)
EXTRA_DIST += $(torture_drivers)

.PHONY: torture soak
torture:
	CMON_TORTURE=$(TORTURE) $(MAKE) check TESTS='$(torture_scripts)'
soak:
	CMON_SOAK=$(SOAK) $(MAKE) check TESTS=tests/torture/soak.sh
