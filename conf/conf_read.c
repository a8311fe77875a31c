/* conf/conf_read.c -- contracts are in conf_read.h.
 *
 * libConfuse is used as a grammar and keeps nothing for us: every option has a
 * callback that notes its values, with their lines, in a tree of our own.
 */
#include "config.h"

#include <assert.h>
#include <confuse.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "arena/region.h"
#include "base/headroom.h"
#include "conf/conf_read.h"
#include "conf/conf_say.h"
#include "conf/conf_text.h"
#include "conf/conf_tree.h"

enum {
    OPTIONS_MAX = 40,            /* words of a block, its blocks, BEGIN and the end */
    NESTING_MAX = CONF_KIND_MAX, /* more than the language has */
    UNKNOWN_MAX = 50,            /* unknown options that are told in one go */
    NAME_MAX_BYTES = 64,
    TEXT_MAX = 256, /* bytes of a message, including NUL */
};

/* An option of every block that is in no manual: libConfuse tells nobody when
 * a section begins, but it parses the defaults of the section's options then,
 * and this one has a callback. */
#define BEGIN "(begin)"

struct reader {
    struct region *mem;
    struct conf_say *say;
    struct conf_block *root;
    struct {
        const cfg_t *cfg;
        struct conf_block *block;
    } open[NESTING_MAX]; /* the outermost first */
    size_t depth;
    char unknown[NAME_MAX_BYTES]; /* the option that ended the parse, or "" */
    int unknown_line;
    bool told; /* why the parse ended was noted */
    int line;  /* where it ended */
    bool no_memory;
};

/* libConfuse hands no context to its callbacks, and keeps its own state in
 * globals too. */
static struct reader *reading;

static struct conf_block *
open_block(void)
{
    return reading->depth > 0 ? reading->open[reading->depth - 1].block : NULL;
}

static bool
is_open(const cfg_t *cfg)
{
    return reading->depth > 0 && reading->open[reading->depth - 1].cfg == cfg;
}

static int
fail_no_memory(void)
{
    reading->no_memory = true;
    return -1;
}

/* A block begins.  When this fails while a default is parsed libConfuse
 * aborts, so that a want of memory is only noted, for the next callback. */
static int
on_begin(cfg_t *cfg, cfg_opt_t *opt, const char *value, void *result)
{
    struct conf_block *block;
    enum conf_kind kind = CONF_ROOT;

    (void)opt;
    (void)value;
    *(void **)result = NULL;
    if (is_open(cfg)) {
        cfg_error(cfg, "'%s' is no option", BEGIN);
        return -1;
    }
    while (strcmp(conf_tree_kind_name(kind), cfg->name) != 0)
        kind++;
    block = conf_tree_open(reading->mem, open_block(), kind, cfg->title, cfg->line);
    if (!block)
        (void)fail_no_memory();
    if (reading->depth == 0)
        reading->root = block;
    assert(reading->depth < NESTING_MAX);
    reading->open[reading->depth].cfg = cfg;
    reading->open[reading->depth].block = block;
    reading->depth++;
    return 0;
}

/* "route|timeout" would be an option of the first route to libConfuse. */
static bool
has_option(const cfg_t *cfg, const cfg_opt_t *opt)
{
    for (const cfg_opt_t *o = cfg->opts; o->name; o++) {
        if (o == opt)
            return true;
    }
    return false;
}

static int
refuse_name(cfg_t *cfg)
{
    cfg_error(cfg, "the name of an option cannot hold '|'");
    return -1;
}

/* An option gets a value: the first one of an assignment, or one more. */
static int
on_value(cfg_t *cfg, cfg_opt_t *opt, const char *value, void *result)
{
    struct conf_block *block = open_block();

    *(void **)result = NULL;
    if (reading->no_memory)
        return -1;
    if (!has_option(cfg, opt))
        return refuse_name(cfg);
    assert(is_open(cfg));
    if (opt->nvalues == 1 && conf_tree_assign(reading->mem, block, opt->name, cfg->line) < 0)
        return fail_no_memory();
    if (conf_tree_append(reading->mem, block, opt->name, value, cfg->line) < 0)
        return fail_no_memory();
    return 0;
}

/* No callback comes for `name = {}`, so that is looked for when its block ends. */
static int
assign_empty_lists(void)
{
    const cfg_t *cfg = reading->open[reading->depth - 1].cfg;
    struct conf_block *block = open_block();

    for (const cfg_opt_t *o = cfg->opts; o->name; o++) {
        if (!(o->flags & CFGF_LIST) || !(o->flags & CFGF_MODIFIED) || o->nvalues > 0)
            continue;
        if (conf_tree_assign(reading->mem, block, o->name, block->line) < 0)
            return fail_no_memory();
    }
    return 0;
}

/* A section has ended. */
static int
on_end(cfg_t *cfg, cfg_opt_t *opt)
{
    int r;

    if (reading->no_memory)
        return -1;
    if (!has_option(cfg, opt))
        return refuse_name(cfg);
    r = assign_empty_lists();
    reading->depth--;
    return r;
}

static void
note_unknown(int line, const char *name)
{
    const struct conf_block *block = open_block();

    if (strlen(name) < sizeof reading->unknown)
        memcpy(reading->unknown, name, strlen(name) + 1);
    reading->unknown_line = line;
    if (strcmp(name, "include") == 0)
        conf_say_error(reading->say, line, "include: is not supported: one file says what runs");
    else if (!block || block->kind == CONF_ROOT)
        conf_say_error(reading->say, line, "unknown option '%s'", name);
    else
        conf_say_error(reading->say, line, "unknown option '%s' in %s", name,
            conf_tree_kind_name(block->kind));
}

static void
on_error(cfg_t *cfg, const char *fmt, va_list ap)
{
    char text[TEXT_MAX];

    reading->told = true;
    reading->line = cfg->line;
    if (strcmp(fmt, "no such option '%s'") == 0) {
        note_unknown(cfg->line, va_arg(ap, const char *));
        return;
    }
    (void)vsnprintf(text, sizeof text, fmt, ap); /* cut when longer */
    conf_say_error(reading->say, cfg->line, "%s", text);
}

/* Writes libConfuse's table of a kind of block.  `inner` are the tables of the
 * blocks that can stand in it, indexed by their kind. */
static void
make_options(enum conf_kind kind, cfg_opt_t (*tables)[OPTIONS_MAX])
{
    static const struct {
        enum conf_kind inner, outer;
        cfg_flag_t flags;
    } blocks[] = {
        /* Not "multi" would mean to begin before the file does, and once. */
        { CONF_LOG, CONF_ROOT, CFGF_MULTI },
        { CONF_ARENA, CONF_ROOT, CFGF_MULTI },
        { CONF_ROUTE, CONF_ROOT, CFGF_MULTI | CFGF_TITLE },
        { CONF_PARAM, CONF_ROUTE, CFGF_MULTI | CFGF_TITLE },
        { CONF_LIMITS, CONF_ROOT, CFGF_MULTI },
        { CONF_LIMITS, CONF_ROUTE, CFGF_MULTI },
    };
    const cfg_opt_t begin = CFG_PTR_CB(BEGIN, "x", CFGF_NONE, on_begin, NULL);
    const cfg_opt_t end = CFG_END();
    cfg_opt_t *at = tables[kind];
    const struct conf_word *words;
    size_t nwords;

    *at++ = begin;
    words = conf_tree_words(&nwords);
    for (size_t i = 0; i < nwords; i++) {
        cfg_flag_t list = words[i].list ? CFGF_LIST : CFGF_NONE;
        const cfg_opt_t option =
            CFG_PTR_CB(words[i].name, NULL, CFGF_NODEFAULT | list, on_value, NULL);

        if (words[i].where == kind)
            *at++ = option;
    }
    for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++) {
        const cfg_opt_t section =
            CFG_SEC(conf_tree_kind_name(blocks[i].inner), tables[blocks[i].inner], blocks[i].flags);

        if (blocks[i].outer != kind)
            continue;
        *at = section;
        at++->validcb = on_end;
    }
    assert(at < tables[kind] + OPTIONS_MAX);
    *at = end;
}

/* What libConfuse 3.3 allocates for a text at most, as massif tells: its
 * buffers, each value more than once, a copy of all options for each block. */
static size_t
needs(const char *text)
{
    size_t blocks = 1;
    size_t n;

    for (n = 0; text[n] != '\0'; n++)
        blocks += text[n] == '{';
    n = (size_t)96 * 1024 + 16 * n + blocks * 18 * 1024;
    return n < HEADROOM_MAX ? n : HEADROOM_MAX;
}

/* Parses once.  Returns 0, -EINVAL or -ENOMEM. */
static int
parse(const char *text, struct reader *r)
{
    cfg_opt_t tables[CONF_KIND_MAX][OPTIONS_MAX];
    cfg_t *cfg;
    int rc;

    if (headroom_check(needs(text)) < 0)
        return -ENOMEM;
    for (enum conf_kind kind = CONF_ROOT; kind < CONF_KIND_MAX; kind++)
        make_options(kind, tables);
    reading = r;
    cfg = cfg_init(tables[CONF_ROOT], CFGF_NONE);
    if (!cfg || r->no_memory) {
        rc = -ENOMEM;
        goto undo;
    }
    (void)cfg_set_error_function(cfg, on_error);
    rc = cfg_parse_buf(cfg, text) == CFG_SUCCESS ? assign_empty_lists() : -EINVAL;
    if (rc < 0 && !r->told && !r->no_memory) {
        r->line = cfg->line;
        conf_say_error(r->say, cfg->line, "syntax error");
    }
    if (r->no_memory)
        rc = -ENOMEM;

undo:
    if (cfg)
        (void)cfg_free(cfg); /* fails only for NULL */
    reading = NULL;
    return rc;
}

int
conf_read_tree(
    char *text, struct region *r, struct conf_say *say, const struct conf_block **ret_root)
{
    for (int i = 0; i < UNKNOWN_MAX; i++) {
        struct reader reader = { .mem = r, .say = say };
        int rc = parse(text, &reader);

        if (rc == 0) {
            conf_tree_check(reader.root, say);
            *ret_root = reader.root;
        }
        if (rc != -EINVAL)
            return rc;
        /* libConfuse ends at the first option it does not know.  We do not. */
        if (!conf_text_drop(text, reader.unknown_line, reader.unknown)) {
            conf_say_unread(say, reader.line);
            return -EINVAL;
        }
    }
    conf_say_error(say, 0, "too many unknown options; the rest was not read");
    return -EINVAL;
}
