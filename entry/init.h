/* entry/init.h -- as process 1 (a container): a reaper beside the program.
 *
 * Process 1 inherits the orphans of everybody, and its end is the end of all.
 * So it is not the program: that is its child, which can start a successor and
 * go, as anywhere else, and looks after its own commands and nobody else's.
 * Process 1 reaps, passes signals on, and ends when the program has.
 */
#ifndef ENTRY_INIT_H
#define ENTRY_INIT_H

/* Returns -1 where the program is to go on: at once when we are not process 1,
 * else in a child.  In process 1 returns when the last process of the program
 * has ended (and all others, to whom SIGTERM and a moment are given): the exit
 * code, 128 plus the number of the signal that ended it.  Before any thread. */
int init_split(void);

#endif
