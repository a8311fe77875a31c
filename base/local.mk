noinst_LIBRARIES += %D%/libbase.a
%C%_libbase_a_SOURCES = \
	%D%/buf.c %D%/buf.h \
	%D%/clock.c %D%/clock.h \
	%D%/crypto.c %D%/crypto.h \
	%D%/err.c %D%/err.h \
	%D%/escape.c %D%/escape.h %D%/escape_impl.h \
	%D%/escape_automaton.c %D%/escape_avx2.c %D%/escape_vector.c \
	%D%/fd.c %D%/fd.h \
	%D%/headroom.c %D%/headroom.h \
	%D%/hex.c %D%/hex.h \
	%D%/json.c %D%/json.h \
	%D%/span.h \
	%D%/utf8.c %D%/utf8.h
BASE_LIBS = base/libbase.a $(ARENA_LIBS)
EXTRA_DIST += %D%/.may_include
