/* SPDX-License-Identifier: ISC */
/* What of table.h is about turns: hides that they need the table's lock. */
#include "config.h"

#include "process/table.h"

bool
table_is_busy(struct table *table)
{
	bool busy;

	pthread_mutex_lock(&table->lock);
	busy = turns_are_taken(&table->turns);
	pthread_mutex_unlock(&table->lock);
	return busy;
}

void
table_served(struct table *table, uint64_t who)
{
	pthread_mutex_lock(&table->lock);
	turns_end(&table->turns, who);
	pthread_mutex_unlock(&table->lock);
}

enum turn
table_ask(struct table *table, struct connection *connection, uint64_t who,
    int times)
{
	enum turn turn = TURN_NOW;

	pthread_mutex_lock(&table->lock);
	/* At the end threads have nobody else to serve. */
	if (!table->closing)
		turn = turns_ask(&table->turns, connection, who, times);
	pthread_mutex_unlock(&table->lock);
	return turn;
}

void
table_put_off(struct table *table, struct connection *connection)
{
	pthread_mutex_lock(&table->lock);
	turns_put_off(&table->turns, connection);
	pthread_mutex_unlock(&table->lock);
}
