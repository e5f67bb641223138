/*
 * segmentation.c: the module's entry point.
 */
#include "segmentation.h"

#include "lock/lock.h"
#include "model/model.h"

MODULE_MAGIC;

PGDLLEXPORT void _PG_init(void);

void
_PG_init(void)
{
	lock_init();
	moment_init();
}
