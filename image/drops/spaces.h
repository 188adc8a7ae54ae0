#ifndef SPACES_H
#define SPACES_H

/* The inode of a network namespace by the path of its file; 0: there is none, or it may not be looked at. */
unsigned int space_at(const char *path);

/*
 * That of the machine, for who has entered another one: of the nearest of the processes that started this one that is not in the
 * own, which is the container's or its runtime's. 0: there is none that may be looked at.
 */
unsigned int outer_space(void);

/*
 * Calls `found` for each network namespace of this machine that a process lives in or that a file stands for, some several
 * times.
 */
void each_space(void (*found)(unsigned int space, void *context), void *context);

#endif
