/*
 * segmentation.c: the module's entry point, and what all rooms share.
 */
#include "segmentation.h"

#include "utils/guc.h"

#include "lock/lock.h"
#include "model/model.h"

PG_MODULE_MAGIC;

PGDLLEXPORT void _PG_init(void);

void
_PG_init(void)
{
	lock_init();
	moment_init();
}

/* until the level that AtEOXact_GUC leaves */
void
set_option(const char *name, const char *value)
{
	(void) set_config_option(name, value, PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
}
