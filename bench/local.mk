# bench/local.mk -- programs that measure; only `make bench` builds them.
EXTRA_PROGRAMS =

# What bench/run-request needs.  What needs a library of a peer is built by that peer.
BENCH_REQUEST = %D%/floor %D%/true_nostdlib %D%/mebibyte %D%/spawn %D%/request/load \
	%D%/request/alternate %D%/request/herd %D%/request/first %D%/request/peers/cgi \
	%D%/request/peers/least
EXTRA_PROGRAMS += $(BENCH_REQUEST)
%C%_floor_SOURCES = %D%/floor.c %D%/bare.c %D%/bare.h
%C%_floor_LDADD = $(BASE_LIBS)
%C%_true_nostdlib_SOURCES = %D%/true_nostdlib.c
%C%_true_nostdlib_CFLAGS = -std=gnu11 $(WARN_CFLAGS) -ffreestanding -fno-stack-protector
%C%_true_nostdlib_LDFLAGS = -nostdlib -static
%C%_mebibyte_SOURCES = %D%/mebibyte.c
%C%_spawn_SOURCES = %D%/spawn.c
%C%_spawn_LDADD = $(EXEC_LIBS)
%C%_request_alternate_SOURCES = %D%/request/alternate.c %D%/request/http.c %D%/request/http.h \
	%D%/bare.c %D%/bare.h
%C%_request_alternate_LDADD = $(BASE_LIBS)
%C%_request_load_SOURCES = %D%/request/load.c %D%/request/http.c %D%/request/http.h
%C%_request_load_LDADD = $(BASE_LIBS)
%C%_request_herd_SOURCES = %D%/request/herd.c %D%/request/http.c %D%/request/http.h
%C%_request_herd_LDADD = $(BASE_LIBS)
%C%_request_first_SOURCES = %D%/request/first.c %D%/request/http.c %D%/request/http.h
%C%_request_first_LDADD = $(BASE_LIBS)
%C%_request_peers_cgi_SOURCES = %D%/request/peers/cgi.c
%C%_request_peers_least_SOURCES = %D%/request/peers/least.c
bench-request: $(bin_PROGRAMS) $(BENCH_REQUEST)
EXTRA_DIST += %D%/run-request %D%/request/stage.sh %D%/request/rates.sh %D%/request/alone.sh %D%/request/where.sh \
	%D%/request/facts.sh %D%/request/goals %D%/request/report.awk %D%/request/plots.gp \
	%D%/request/peers/cmon.sh %D%/request/peers/webhook.sh %D%/request/peers/fcgiwrap.sh \
	%D%/request/peers/fcgiwrap-sh.sh %D%/request/peers/cgi.sh %D%/request/peers/php-fpm.sh \
	%D%/request/peers/command.php %D%/request/peers/lighttpd.sh %D%/request/peers/evhttp.sh \
	%D%/request/peers/evhttp.c %D%/request/peers/least.sh

# What bench/run-alloc needs: nothing; other mallocs are loaded before glibc's.
check_LIBRARIES += %D%/alloc/libcontenders.a
%C%_alloc_libcontenders_a_SOURCES = %D%/alloc/contender.c %D%/alloc/contender.h \
	%D%/alloc/contenders/arena.c %D%/alloc/contenders/bins.c %D%/alloc/contenders/bump.c \
	%D%/alloc/contenders/carve.c %D%/alloc/contenders/carve.h %D%/alloc/contenders/classes.h \
	%D%/alloc/contenders/cmon2.c %D%/alloc/contenders/firstfit.c %D%/alloc/contenders/malloc.c \
	%D%/alloc/contenders/mheap.c %D%/alloc/contenders/mheap.h %D%/alloc/contenders/region.c \
	%D%/alloc/contenders/scopes.c %D%/alloc/contenders/scopes.h %D%/alloc/contenders/span.c \
	%D%/alloc/contenders/tended.c %D%/alloc/contenders/tended.h
ALLOC_LIBS = %D%/alloc/libcontenders.a $(BASE_LIBS) -lm -ldl
EXTRA_PROGRAMS += %D%/alloc/slice
%C%_alloc_slice_SOURCES = %D%/alloc/clock.h %D%/alloc/measure.c \
	%D%/alloc/measure.h %D%/alloc/slice.c %D%/alloc/workload.c %D%/alloc/workload.h \
	%D%/alloc/workloads/fragment.c %D%/alloc/workloads/full.c %D%/alloc/workloads/grow.c \
	%D%/alloc/workloads/pool.c %D%/alloc/workloads/replay.c %D%/alloc/workloads/request.c
%C%_alloc_slice_LDADD = $(ALLOC_LIBS)
EXTRA_PROGRAMS += %D%/alloc/fit
%C%_alloc_fit_SOURCES = %D%/alloc/fit.c %D%/alloc/measure.c %D%/alloc/measure.h
%C%_alloc_fit_LDADD = $(ALLOC_LIBS)
bench-alloc: %D%/alloc/slice %D%/alloc/fit
EXTRA_DIST += %D%/run-alloc %D%/alloc/README.md %D%/alloc/facts.sh %D%/alloc/goals \
	%D%/alloc/plots.gp %D%/alloc/report.awk

# What bench/alloc/trace/record.sh needs: a responder that tells what it asks of its memory.
EXTRA_PROGRAMS += %D%/alloc/trace/cmon_traced
%C%_alloc_trace_cmon_traced_SOURCES = entry/main.c %D%/alloc/trace/wrap.c
%C%_alloc_trace_cmon_traced_LDADD = $(CMON_LIBS)
ALLOC_WRAP = -Wl,--wrap=
%C%_alloc_trace_cmon_traced_LDFLAGS = $(AM_LDFLAGS) $(ALLOC_WRAP)arena_alloc \
	$(ALLOC_WRAP)arena_shrink $(ALLOC_WRAP)arena_free $(ALLOC_WRAP)arena_free_written \
	$(ALLOC_WRAP)region_alloc $(ALLOC_WRAP)region_zalloc $(ALLOC_WRAP)region_strndup \
	$(ALLOC_WRAP)region_strdup $(ALLOC_WRAP)region_printf $(ALLOC_WRAP)region_reset
bench-trace: %D%/alloc/trace/cmon_traced %D%/request/load %D%/mebibyte
.PHONY: bench-trace
EXTRA_DIST += %D%/alloc/trace/number.awk %D%/alloc/trace/record.sh %D%/alloc/trace/requests

# What bench/run-json needs: nothing; it gives the objects of the libraries that are here as
# JSON_WITH, and what they are linked with.  The linker is C's, for only one of them is C++.
JSON_WITH =
JSON_WITH_LIBS =
EXTRA_PROGRAMS += %D%/json/json
%C%_json_json_SOURCES = %D%/json/json.c %D%/json/json.h
EXTRA_%C%_json_json_SOURCES = %D%/json/jansson.c %D%/json/json_c.c %D%/json/rapidjson.cc
%C%_json_json_LINK = $(LINK)
%C%_json_json_LDADD = $(JSON_WITH) $(BASE_LIBS) $(JSON_WITH_LIBS)
%C%_json_json_DEPENDENCIES = $(JSON_WITH) $(BASE_LIBS)
bench-json: %D%/json/json
EXTRA_DIST += %D%/run-json %D%/json/goals %D%/json/report.awk

EXTRA_DIST += %D%/.may_include %D%/lib.awk %D%/lib.sh %D%/README.md %D%/REPORT.md %D%/plots/latency.svg \
	%D%/plots/memory.svg %D%/plots/rates.svg %D%/ALLOC.md %D%/JSON.md %D%/plots/alloc-chunks.svg \
	%D%/plots/alloc-latency.svg %D%/plots/alloc-rss.svg %D%/plots/alloc-threads.svg
CLEANFILES += $(EXTRA_PROGRAMS) %D%/results.txt %D%/evhttp %D%/alloc-results.txt \
	%D%/json-results.txt

bench:
	BUILD='$(abs_top_builddir)' '$(top_srcdir)/bench/run-alloc'
	BUILD='$(abs_top_builddir)' '$(top_srcdir)/bench/run-json'
	BUILD='$(abs_top_builddir)' '$(top_srcdir)/bench/run-request'
.PHONY: bench bench-alloc bench-json bench-request
