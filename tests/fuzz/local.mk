# A fuzz target is a file fuzz_<unit>.c (fuzz.h says what is in it), inputs in
# data/<unit>/, and three lines here:
#
#     fuzz_replays += %D%/replay_<unit>
#     %C%_replay_<unit>_SOURCES = %D%/fuzz_<unit>.c
#     %C%_replay_<unit>_LDADD = $(REPLAY_LIBS) $(BASE_LIBS)
#
# (libraries of a higher floor before the lower ones).  `make check` then runs
# the stored inputs; after `configure CC=clang --enable-fuzzers` it also builds
# fuzz_<unit>, which looks for new ones:
#
#     tests/fuzz/fuzz_<unit> -max_total_time=20 FOUND ../tests/fuzz/data/<unit>
#
# A crash is tried again with `tests/fuzz/replay_<unit> crash-...`; once it is
# mended, its input is stored under a name that says what it was.
check_LIBRARIES += %D%/libreplay.a
%C%_libreplay_a_SOURCES = %D%/replay.c %D%/fuzz.h
REPLAY_LIBS = %D%/libreplay.a

fuzz_replays =
check_PROGRAMS += $(fuzz_replays)
TESTS += $(fuzz_replays)
EXTRA_DIST += %D%/data

fuzz_replays += %D%/replay_arena
%C%_replay_arena_SOURCES = %D%/fuzz_arena.c
%C%_replay_arena_LDADD = $(REPLAY_LIBS) $(ARENA_LIBS)

fuzz_replays += %D%/replay_conf
%C%_replay_conf_SOURCES = %D%/fuzz_conf.c
%C%_replay_conf_LDADD = $(REPLAY_LIBS) $(CMON_LIBS)

fuzz_replays += %D%/replay_json
%C%_replay_json_SOURCES = %D%/fuzz_json.c
%C%_replay_json_LDADD = $(REPLAY_LIBS) $(SAMPLE_LIBS) $(BASE_LIBS)

fuzz_replays += %D%/replay_params
%C%_replay_params_SOURCES = %D%/fuzz_params.c
%C%_replay_params_LDADD = $(REPLAY_LIBS) $(CMON_LIBS)

fuzz_replays += %D%/replay_record
%C%_replay_record_SOURCES = %D%/fuzz_record.c
%C%_replay_record_LDADD = $(REPLAY_LIBS) $(PEER_LIBS) $(CMON_LIBS)

fuzz_replays += %D%/replay_req
%C%_replay_req_SOURCES = %D%/fuzz_req.c
%C%_replay_req_LDADD = $(REPLAY_LIBS) $(CMON_LIBS)

if FUZZERS
# The same object and libraries; libFuzzer's main() comes first.
fuzz_fuzzers = $(fuzz_replays:tests/fuzz/replay_%=tests/fuzz/fuzz_%)
check_DATA = $(fuzz_fuzzers)
CLEANFILES += $(fuzz_fuzzers)
$(fuzz_fuzzers): tests/fuzz/fuzz_%: tests/fuzz/replay_%
	$(AM_V_CCLD)$(LINK) -fsanitize=fuzzer tests/fuzz/fuzz_$*.$(OBJEXT) \
		$(tests_fuzz_replay_$*_LDADD) $(LIBS)
endif
