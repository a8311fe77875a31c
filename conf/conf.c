/* conf/conf.c -- contracts are in conf.h. */
#include "config.h"

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arena/mirror.h"
#include "arena/region.h"
#include "base/err.h"
#include "conf/conf.h"
#include "conf/conf_build.h"
#include "conf/conf_check.h"
#include "conf/conf_global.h"
#include "conf/conf_read.h"
#include "conf/conf_routes.h"
#include "conf/conf_say.h"
#include "conf/conf_text.h"
#include "conf/key.h"

enum {
    MEM_MAX = 16 * 1024 * 1024, /* bytes of address space: a configuration, and its reading */
    PASSWD_MAX = 4096,          /* bytes of a user's entry */
};

#define KEY_NAME "client_secret.key"

_Static_assert((int)CONF_KEY_BYTES == (int)KEY_BYTES, "one length of keys");

/* Our user's file below ~/.config/cmon, or NULL.  $HOME first, as a shell does. */
static const char *
own_file(struct region *r, const char *name)
{
    const char *home = getenv("HOME");
    struct passwd pw, *found = NULL;
    char buf[PASSWD_MAX];

    if (!home || home[0] != '/') {
        if (getpwuid_r(geteuid(), &pw, buf, sizeof buf, &found) != 0 || !found)
            return NULL;
        home = found->pw_dir;
    }
    return region_printf(r, "%s/.config/cmon/%s", home, name);
}

/* Whether something stands there, readable or not: what cannot be read is to
 * be told and not passed over. */
static bool
is_there(const char *path)
{
    struct stat st;

    return path && lstat(path, &st) == 0;
}

const char *
conf_find(struct region *r)
{
    static const char system_file[] = SYSCONFDIR "/cmon/cmon.conf";
    const char *named = getenv("CMON_CONF");
    const char *own;

    if (named && *named)
        return region_strdup(r, named);
    own = own_file(r, "cmon.conf");
    if (is_there(own))
        return own;
    return is_there(system_file) ? system_file : NULL;
}

/* Sets the directory that relative paths are relative to, and conf->file. */
static int
place_file(struct conf_build *b, const char *file)
{
    struct conf *c = b->conf;
    char *cwd = NULL;
    int r = 0;

    if (!file || file[0] != '/') {
        cwd = getcwd(NULL, 0);
        if (!cwd) {
            conf_say_error(b->say, 0, "getcwd: %s", strerror(errno));
            return -EINVAL;
        }
    }
    if (!file) {
        b->dir = region_strdup(b->tmp, cwd);
    } else {
        const char *slash;

        c->file = cwd ? region_printf(b->mem, "%s/%s", strcmp(cwd, "/") == 0 ? "" : cwd, file)
                      : region_strdup(b->mem, file);
        slash = c->file ? strrchr(c->file, '/') : NULL;
        if (slash)
            b->dir =
                region_strndup(b->tmp, c->file, slash == c->file ? 1 : (size_t)(slash - c->file));
    }
    if (!b->dir)
        r = -ENOMEM;
    free(cwd);
    return r;
}

/* Where the key is when nobody says where: beside the configuration; without
 * one in the current directory, else our user's, else the system's. */
static int
place_key(const struct conf_build *b)
{
    static const char system_file[] = SYSCONFDIR "/cmon/" KEY_NAME;
    struct conf *c = b->conf;
    const char *own;

    if (c->key_file)
        return 0;
    c->key_file = conf_build_absolute(b, KEY_NAME);
    if (!c->key_file)
        return -ENOMEM;
    if (c->file || is_there(c->key_file))
        return 0;
    own = own_file(b->mem, KEY_NAME);
    if (is_there(own))
        c->key_file = own;
    else if (is_there(system_file))
        c->key_file = system_file;
    return 0;
}

/* The key lies where the rest of the configuration does: in no core, read-only
 * once it is sealed, cleansed at the end. */
static int
load_key(const struct conf_build *b)
{
    unsigned char *key = region_alloc(b->mem, CONF_KEY_BYTES);
    int line = 0;
    struct err err;

    if (!key)
        return -ENOMEM;
    if (key_load(b->conf->key_file, key, &err) == 0) {
        b->conf->key = key;
        return 0;
    }
    if (!conf_build_text(b->root, "key_file", &line))
        line = 0;
    conf_say_error(b->say, line, "key_file: %s%s", err.text,
        err.num == ENOENT ? "; cmon token new FILE makes one" : "");
    return 0;
}

static int
guard_files(struct conf *c)
{
    int r;

    guard_init(&c->guard);
    r = guard_add(&c->guard, c->key_file);
    return r == 0 && c->file ? guard_add(&c->guard, c->file) : r;
}

/* Reads and builds everything.  Returns 0, also after mistakes that were
 * noted, or -ENOMEM. */
static int
build(struct conf_build *b, const char *file, bool with_key)
{
    char *text = NULL;
    int r = place_file(b, file);

    if (r == 0 && file)
        r = conf_text_read(file, b->tmp, b->say, &text);
    if (r == 0 && file && (r = conf_text_check(text, b->say)) < 0)
        conf_say_unread(b->say, 0);
    if (r == 0 && file)
        r = conf_read_tree(text, b->tmp, b->say, &b->root);
    if (r == -EINVAL)
        return 0; /* noted; nothing to build on */
    if (r == 0)
        r = conf_global_build(b);
    if (r == 0)
        r = conf_routes_build(b);
    if (r == 0)
        r = place_key(b);
    if (r < 0)
        return r;
    conf_check_warn(b);
    if (with_key)
        r = load_key(b);
    if (r == 0 && b->conf->key)
        r = guard_files(b->conf);
    return r;
}

int
conf_load(
    const char *file, bool with_key, conf_say_fn *say, void *ctx, const struct conf **ret_conf)
{
    struct region none = { 0 };
    struct mirror *mem = NULL, *tmp = NULL;
    struct conf_say complaints;
    struct conf_build b = { .tmp = &none, .say = &complaints };
    int r = mirror_open(MEM_MAX, &tmp); /* never sealed; but it counts as no data either */

    if (r == 0)
        b.tmp = mirror_region(tmp);
    conf_say_begin(&complaints, file, b.tmp, say, ctx);
    if (r == 0)
        r = mirror_open(MEM_MAX, &mem);
    if (r == 0) {
        b.mem = mirror_region(mem);
        b.conf = region_zalloc(b.mem, 1, sizeof *b.conf);
        r = b.conf ? build(&b, file, with_key) : -ENOMEM;
    }
    if (r == 0) {
        b.conf->mirror = mem;
        r = mirror_seal(mem);
    }

    if (r < 0)
        conf_say_error(&complaints, 0, "%s", strerror(-r));
    if (conf_say_end(&complaints) > 0 && r == 0)
        r = -EINVAL;
    mirror_unref(tmp);
    if (r < 0)
        mirror_unref(mem);
    else
        *ret_conf = b.conf;
    return r;
}

const struct conf *
conf_ref(const struct conf *c)
{
    (void)mirror_ref(c->mirror);
    return c;
}

void
conf_unref(const struct conf *c)
{
    if (c)
        mirror_unref(c->mirror);
}

static int
compare_path(const void *path, const void *route)
{
    return strcmp(path, ((const struct route *)route)->path);
}

const struct route *
conf_route(const struct conf *c, const char *path)
{
    if (c->nroutes == 0)
        return NULL;
    return bsearch(path, c->routes, c->nroutes, sizeof *c->routes, compare_path);
}
