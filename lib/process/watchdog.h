/* SPDX-License-Identifier: ISC */
/* Proving to the service manager that requests are served: WatchdogSec= of
 * systemd.service(5). */
#ifndef WATCHDOG_H
#define WATCHDOG_H

#include <signal.h>
#include <stdint.h>

#include "process/connections.h"
#include "process/probe.h"

/* How often somebody wants a proof, in ms, by WATCHDOG_USEC and WATCHDOG_PID
 * of the environment; 0: nobody does. */
int watchdog_every_ms(void);

/*
 * Until one of these signals comes, which are held, and which is taken: ask a
 * request of our own of the threads, as a web server does, and tell the service
 * manager when it has been answered, whatever the answer is. A request is
 * waited for as long as it takes, and no other one is asked meanwhile: without
 * an answer there is silence, and the service manager acts.
 */
void watchdog_wait(struct connections *connections, const struct probe *probe,
    const sigset_t *ends, int every_ms);

#endif
