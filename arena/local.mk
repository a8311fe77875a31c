noinst_LIBRARIES += %D%/libarena.a
%C%_libarena_a_SOURCES = \
	%D%/arena.c %D%/arena.h \
	%D%/mirror.c %D%/mirror.h \
	%D%/region.c %D%/region.h \
	%D%/runs.c %D%/runs.h
ARENA_LIBS = arena/libarena.a
EXTRA_DIST += %D%/.may_include
