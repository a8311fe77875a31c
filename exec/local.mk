noinst_LIBRARIES += %D%/libexec.a
%C%_libexec_a_SOURCES = \
	%D%/capture.c %D%/capture.h \
	%D%/child.c %D%/child.h \
	%D%/engine.c %D%/engine.h \
	%D%/env.c %D%/env.h \
	%D%/path.c %D%/path.h \
	%D%/roster.c %D%/roster.h \
	%D%/run.c %D%/run.h \
	%D%/spawn.c %D%/spawn.h \
	%D%/stray.c %D%/stray.h \
	%D%/tree.c %D%/tree.h
EXEC_LIBS = exec/libexec.a $(BASE_LIBS)
EXTRA_DIST += %D%/.may_include
