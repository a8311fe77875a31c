/* bench/true_nostdlib.c -- the cheapest program there is: no loader, no libc, exit(0).
 *
 * Shows what a server itself costs where /bin/true mostly measures ld.so.
 */
void _start(void) __attribute__((noreturn));

void
_start(void)
{
#if defined(__x86_64__)
    __asm__ volatile("syscall" : : "a"(60 /* exit */), "D"(0));
#elif defined(__aarch64__)
    register long nr __asm__("x8") = 93 /* exit */;
    register long status __asm__("x0") = 0;

    __asm__ volatile("svc #0" : : "r"(nr), "r"(status));
#else
#error "say here how this processor calls exit(0)"
#endif
    __builtin_unreachable();
}
