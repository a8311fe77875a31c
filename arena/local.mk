noinst_LIBRARIES += %D%/libarena.a
%C%_libarena_a_SOURCES = \
	%D%/arena.c %D%/arena.h %D%/books.h \
	%D%/commit.c %D%/commit.h \
	%D%/fits.c %D%/fits.h \
	%D%/harden.c %D%/harden.h \
	%D%/heap.c %D%/heap_look.c %D%/heap.h \
	%D%/mirror.c %D%/mirror.h \
	%D%/pages.c %D%/pages.h \
	%D%/region.c %D%/region.h \
	%D%/runs.c %D%/runs.h \
	%D%/warm.c %D%/warm.h
ARENA_LIBS = arena/libarena.a
EXTRA_DIST += %D%/.may_include
