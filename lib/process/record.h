/* SPDX-License-Identifier: ISC */
/* The records of FastCGI 1.0 (section 3.3), for the units of this room. */
#ifndef RECORD_H
#define RECORD_H

#include <stddef.h>
#include <stdint.h>

#define RECORD_HEADER 8
#define RECORD_MAX 65535 /* bytes of content */
#define RECORD_VERSION 1
#define RECORD_RESPONDER 1  /* the role; section 3.4 */
#define RECORD_KEEP 1	    /* the flag of RECORD_BEGIN */
#define RECORD_CANT_MULTI 1 /* the protocol status; section 5.5 */

enum record_type {
	RECORD_BEGIN = 1,
	RECORD_ABORT,
	RECORD_END,
	RECORD_PARAMS,
	RECORD_STDIN,
	RECORD_STDOUT,
	RECORD_STDERR,
	RECORD_GET_VALUES = 9,
	RECORD_VALUES,
	RECORD_UNKNOWN
};

/* Write the header of a record without padding, with n bytes of content. */
static inline void
record_header(unsigned char p[static RECORD_HEADER], enum record_type type,
    uint16_t id, size_t n)
{
	p[0] = RECORD_VERSION;
	p[1] = (unsigned char)type;
	p[2] = (unsigned char)(id >> 8);
	p[3] = (unsigned char)id;
	p[4] = (unsigned char)(n >> 8);
	p[5] = (unsigned char)n;
	p[6] = 0;
	p[7] = 0;
}

#endif
