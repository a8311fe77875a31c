/* entry/cgi.h -- one request as a CGI program (RFC 3875), for shared hosting. */
#ifndef ENTRY_CGI_H
#define ENTRY_CGI_H

/* Answers the request in the environment on stdout, by the same routes and in
 * the same words as FastCGI does.  Returns the exit code. */
int cgi_main(void);

#endif
