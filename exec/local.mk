noinst_LIBRARIES += %D%/libexec.a
%C%_libexec_a_SOURCES = \
	%D%/capture.c %D%/capture.h \
	%D%/cgroup.c %D%/cgroup.h \
	%D%/cgroup_knob.c %D%/cgroup_knob.h \
	%D%/cgroup_place.c %D%/cgroup_place.h \
	%D%/cgroup_pool.c %D%/cgroup_pool.h \
	%D%/child.c %D%/child.h \
	%D%/engine.c %D%/engine.h \
	%D%/env.c %D%/env.h \
	%D%/fence.c %D%/fence.h \
	%D%/path.c %D%/path.h \
	%D%/roster.c %D%/roster.h \
	%D%/run.c %D%/run.h \
	%D%/spawn.c %D%/spawn.h \
	%D%/tree.c %D%/tree.h
EXEC_LIBS = exec/libexec.a $(BASE_LIBS)
EXTRA_DIST += %D%/.may_include
