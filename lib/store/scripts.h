/* SPDX-License-Identifier: ISC */
/*
 * What an engine does at once, in Lua: a part of valkey. What is read for a
 * visitor needs none, for an engine that takes no writes just now runs no
 * script. Every script touches the keys that it is given and no others, and
 * answers with a number unless it says otherwise. The keys are of one id, but
 * where a login has to do with two things in one round trip, or many sessions
 * are counted, which a cluster would not do. All but one can be done twice: the
 * second time they answer the same, or do nothing. "seal" is the last 16 bytes
 * of a record, its version; "token" are the 32 bytes of a holder, of which the
 * first 16 are his machine's.
 *
 * WAIT waits for what its own connection has written. What was done before, by
 * another one, replicas may not have yet: so a script that finds that, and
 * whose caller waits for replicas, writes something all the same.
 */
#ifndef SCRIPTS_H
#define SCRIPTS_H

#include "store/words.h"

enum script {
	/*
	 * Take a lease, unless the record has another seal than the one that
	 * was seen (an empty one is not compared), or somebody of another
	 * machine has it. A holder of the same machine is dead: it has lost
	 * the kernel's lock.
	 * Keys: lease, room, record. Arguments: token, milliseconds, seal.
	 * An array: 0 taken, -1 another record, else the milliseconds left;
	 * whether it was a dead one's; the mark of the room, if there is one,
	 * which is one of doubt if the room is of another machine.
	 */
	SCRIPT_TAKE,
	/*
	 * Mark an id as used, unless it is; and before, if there is a lease,
	 * take that as SCRIPT_TAKE does.
	 * Keys: mark, and as many as are wanted of: lease, facts, a date.
	 * Arguments: token, milliseconds of the mark and of the lease.
	 * An array: 1 marked with this token, 0 with another, -1 nothing, for
	 * somebody of another machine has the lease; whether that was a dead
	 * one's; and after 1 and 0 the facts and the date, nil where there is
	 * none.
	 */
	SCRIPT_CLAIM,
	/*
	 * Make a record, and remove a lease that is this holder's.
	 * Keys: record, and perhaps the lease. Arguments: record,
	 * milliseconds, token. 1, also if this record is there already;
	 * 0: another is.
	 */
	SCRIPT_CREATE,
	/*
	 * Remove leases, rooms and marks that are this holder's.
	 * Keys: any number of them. Arguments: token. How many were removed.
	 */
	SCRIPT_FREE,
	/*
	 * Before something is done that cannot be undone: set room aside, and
	 * lengthen the lease. A room that is there keeps its end, which is that
	 * of a doubt.
	 * Keys: record, lease, room. Arguments: token, seal, mark, bytes,
	 * milliseconds of a new room and of the lease.
	 * 1; 0: no record; -1: another record; -2: the lease is not ours.
	 */
	SCRIPT_PREPARE,
	/*
	 * Put a record in the place of the one with this seal. The room goes
	 * first: a script that has written is not refused for want of memory.
	 * It goes whoever has it, for it was taken for the record that goes: a
	 * doubt, or a refusal, says nothing of the new one.
	 * The lease is not asked for: if nobody else has saved, this is the
	 * newest. That is the fence.
	 * Keys: record, room. Arguments: token, seal, record, milliseconds.
	 * 1, also if this record is there already; 0: none; -1: another.
	 */
	SCRIPT_COMMIT,
	/*
	 * Note the last use, and the end.
	 * Keys: record. Arguments: ten digits, milliseconds. 1; 0: no record.
	 */
	SCRIPT_TOUCH,
	/*
	 * Remove keys. A first one that is not there is made and removed: a
	 * script that has written is not refused for want of memory, and nobody
	 * sees anything in between.
	 * Keys: any number of them. 1.
	 */
	SCRIPT_REMOVE,
	/*
	 * Remove a record with this seal, and what is kept beside it.
	 * Keys: record, and STORE_PLACE__MAX more. Arguments: seal.
	 * 1, also if there is none; -1: another record.
	 */
	SCRIPT_REMOVE_IF,
	/*
	 * Keep something beside a record, if there is one.
	 * Keys: record, place. Arguments: content, milliseconds. 1; 0.
	 */
	SCRIPT_KEEP,
	/*
	 * Put another mark on a room that is this holder's.
	 * Keys: room. Arguments: token, mark. 1; 0: it is not.
	 */
	SCRIPT_MARK,
	/*
	 * Get the last uses of several records at once.
	 * Keys: records. An array of their ten digits; empty where there is
	 * none.
	 */
	SCRIPT_USES,
	/*
	 * Let a date be this one, unless it is a later one.
	 * Keys: date. Arguments: seconds, milliseconds. 1.
	 */
	SCRIPT_DATE,
	/*
	 * Count one more, unless as many as the limit were counted in the last
	 * 25 hours of the clock, by the engine's; one of -1 only looks. What a
	 * clock that was ahead has counted counts as of now. (It counts twice
	 * if it is done twice.)
	 * Keys: count. Arguments: limit.
	 * An array: 1, or 0 if it was not; how many there are; when not, the
	 * seconds until it may be; since how many seconds all is counted; the
	 * remark, and when it was made.
	 */
	SCRIPT_COUNT
};

/* The marks of a room: an ordinary one; one of a holder who found another's
 * there, who may live; and one of who was refused then. */
#define MARK_OWN "o"
#define MARK_DOUBT "d"
#define MARK_REFUSED "r"

/* Begin the command that runs a script on so many keys, which follow. */
void script_words(struct words *words, enum script script, int keys);

#endif
