/* SPDX-License-Identifier: ISC */
/* One request, from its parameters to its answer. */
#ifndef DISPATCH_H
#define DISPATCH_H

#include "app/app.h"
#include "process/server.h"

/* What all threads of a process use. */
struct process {
	const struct app *app;
	struct conf conf;
	struct store *store; /* NULL: the program keeps nothing */
	int threads;
	unsigned answers;	   /* metrics_answers() */
	unsigned char who_key[16]; /* for numbers that stand for sessions */
	bool misconfigured; /* to all requests; conf has no values then */
};

/* What a thread has for itself. */
struct thread {
	const struct process *process;
	struct http *http;
};

/*
 * For struct server_work: read a request, have the program's handle() answer it
 * if it may, and write the answer, or that of what went wrong. own is a struct
 * thread.
 */
void dispatch(void *own, struct server_call *call,
    struct server_answer *answer);

#endif
