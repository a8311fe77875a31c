/* tests/fcgi/fakelog.h -- a syslog(3) that keeps what it is told; who includes this gets it. */
#ifndef TESTS_FCGI_FAKELOG_H
#define TESTS_FCGI_FAKELOG_H

extern struct fakelog {
    char ident[32], text[4096];
    int option, facility, priority;
    unsigned opened, lines;
} fakelog_told;

#endif
