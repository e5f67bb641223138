/*
 * permit.c: the one UPDATE that the guard of the customers lets through.
 */
#include "segmentation.h"

#include "lock/lock.h"

/*
 * It is set around that statement only, for one customer and one segment, and
 * no setting or table can stand in for it.
 */
typedef struct PermittedMove
{
	bool		active;
	Oid			customers;
	const char *key;
	Datum		segment;
} PermittedMove;

static PermittedMove permitted_move = {.active = false};

/* the segment that a customer may have now; asking takes the permission */
bool
lock_move_permits(Oid customers, const char *key, Datum *segment)
{
	bool		permits = permitted_move.active &&
	permitted_move.customers == customers &&
	strcmp(permitted_move.key, key) == 0;

	if (permits)
		permitted_move.active = false;
	*segment = permitted_move.segment;
	return permits;
}

/* to be taken back with lock_forbid_move, whatever happens */
void
lock_permit_move(Oid customers, const char *key, Datum segment)
{
	permitted_move = (PermittedMove)
	{
		true, customers, key, segment
	};
}

void
lock_forbid_move(void)
{
	permitted_move.active = false;
}
