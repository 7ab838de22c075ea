/* SPDX-License-Identifier: ISC */
/* What a process does before anything else. */
#ifndef HARDEN_H
#define HARDEN_H

/*
 * No core dump, no tracing by equals, private files; standard input, output
 * and error are there; larger blocks of freed memory are overwritten; the
 * signals that writing may raise are ignored.
 */
void harden(void);

#endif
