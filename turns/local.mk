noinst_LIBRARIES += %D%/libturns.a
%C%_libturns_a_SOURCES = \
	%D%/coalesce.c %D%/coalesce.h \
	%D%/heap.c %D%/heap.h \
	%D%/sched.c %D%/sched.h \
	%D%/timer.c %D%/timer.h
TURNS_LIBS = turns/libturns.a $(BASE_LIBS)
EXTRA_DIST += %D%/.may_include
