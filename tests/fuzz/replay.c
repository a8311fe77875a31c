/* tests/fuzz/replay.c -- gives a fuzz target its stored inputs, each twice.
 *
 * Twice, because what an input leaves behind shows only the second time.  The
 * program is called replay_<unit>; its inputs are the files of the folder
 * $top_srcdir/tests/fuzz/data/<unit>, or those it is called with.  Prints TAP.
 */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/fuzz/fuzz.h"

static int failed;
static int number;

static void
report(bool ok, const char *path, const char *why)
{
    const char *name = strrchr(path, '/');

    printf("%s %d - %s%s%s\n", ok ? "ok" : "not ok", ++number, name ? name + 1 : path,
        why ? ": " : "", why ? why : "");
    (void)fflush(stdout);
    failed |= !ok;
}

/* In memory of its exact size, so that a sanitizer sees a read behind it. */
static unsigned char *
read_file(const char *path, size_t *ret_n)
{
    unsigned char *bytes = NULL;
    FILE *f = fopen(path, "rb");
    struct stat st;

    if (f == NULL)
        return NULL;
    if (fstat(fileno(f), &st) == 0 && S_ISREG(st.st_mode)) {
        *ret_n = (size_t)st.st_size;
        bytes = malloc(*ret_n > 0 ? *ret_n : 1);
        if (bytes && fread(bytes, 1, *ret_n, f) != *ret_n) {
            free(bytes);
            bytes = NULL;
        }
    }
    (void)fclose(f);
    return bytes;
}

static void
replay(const char *path)
{
    size_t n = 0;
    unsigned char *bytes = read_file(path, &n);
    bool ok;

    if (bytes == NULL) {
        report(false, path, "cannot be read");
        return;
    }
    /* If the target aborts, this is the last line and names the input. */
    printf("# %s\n", path);
    (void)fflush(stdout);
    ok = LLVMFuzzerTestOneInput(bytes, n) == 0 && LLVMFuzzerTestOneInput(bytes, n) == 0;
    report(ok, path, NULL);
    free(bytes);
}

static int
is_input(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static void
replay_folder(const char *folder)
{
    struct dirent **entries;
    int n = scandir(folder, &entries, is_input, alphasort);

    if (n <= 0) {
        report(false, folder, n < 0 ? strerror(errno) : "no inputs");
        return;
    }
    for (int i = 0; i < n; i++) {
        char path[4096];

        (void)snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        replay(path);
        free(entries[i]);
    }
    free(entries);
}

int
main(int argc, char **argv)
{
    static const char prefix[] = "replay_";
    const char *top = getenv("top_srcdir"), *unit = program_invocation_short_name;
    char folder[2048];

    if (strncmp(unit, prefix, sizeof prefix - 1) == 0)
        unit += sizeof prefix - 1;
    for (int i = 1; i < argc; i++)
        replay(argv[i]);
    if (argc == 1) {
        (void)snprintf(folder, sizeof folder, "%s/tests/fuzz/data/%s", top ? top : ".", unit);
        replay_folder(folder);
    }
    printf("1..%d\n", number);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
