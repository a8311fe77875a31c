# bench/local.mk -- programs that measure; only `make bench` builds them.
EXTRA_PROGRAMS =

# What bench/run-request needs.
BENCH_REQUEST = %D%/floor %D%/true_nostdlib
EXTRA_PROGRAMS += $(BENCH_REQUEST)
%C%_floor_SOURCES = %D%/floor.c
%C%_floor_LDADD = $(BASE_LIBS)
%C%_true_nostdlib_SOURCES = %D%/true_nostdlib.c
%C%_true_nostdlib_CFLAGS = -std=gnu11 $(WARN_CFLAGS) -ffreestanding -fno-stack-protector
%C%_true_nostdlib_LDFLAGS = -nostdlib -static -no-pie
bench-request: $(bin_PROGRAMS) $(BENCH_REQUEST)
EXTRA_DIST += %D%/run-request %D%/request/load.lua %D%/request/report.awk %D%/request/stage.sh \
	%D%/request/peers/cmon.sh

# What bench/run-alloc needs.
EXTRA_PROGRAMS += %D%/alloc
%C%_alloc_SOURCES = %D%/alloc.c
%C%_alloc_LDADD = $(BASE_LIBS)
bench-alloc: %D%/alloc
EXTRA_DIST += %D%/run-alloc

# What bench/run-json needs: libjansson-dev, libjson-c-dev, rapidjson-dev, g++.
EXTRA_PROGRAMS += %D%/json/json
%C%_json_json_SOURCES = %D%/json/json.c %D%/json/json.h %D%/json/jansson.c \
	%D%/json/json_c.c %D%/json/rapidjson.cc
%C%_json_json_LDADD = $(BASE_LIBS) $(JANSSON_LIBS) -ljson-c
bench-json: %D%/json/json
EXTRA_DIST += %D%/run-json

EXTRA_DIST += %D%/.may_include %D%/README.md
CLEANFILES += $(EXTRA_PROGRAMS)

bench:
	BUILD='$(abs_top_builddir)' '$(top_srcdir)/bench/run-alloc'
	BUILD='$(abs_top_builddir)' '$(top_srcdir)/bench/run-json'
	BUILD='$(abs_top_builddir)' '$(top_srcdir)/bench/run-request'
.PHONY: bench bench-alloc bench-json bench-request
