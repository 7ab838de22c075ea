/* SPDX-License-Identifier: ISC */
/* What the service manager is told: sd_notify(3). */
#ifndef NOTIFY_H
#define NOTIFY_H

/*
 * Send one message, such as "READY=1\nSTATUS=...", to the socket that
 * NOTIFY_SOCKET names, at most 200 bytes of it. Nothing is done where nobody
 * asked for it, and a failure is logged and does no harm: the service manager
 * then finds out by its own time limits.
 */
void notify(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
