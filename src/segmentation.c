/*
 * segmentation.c: the module's entry point.
 */
#include "segmentation.h"

#include "model/model.h"

MODULE_MAGIC;

PGDLLEXPORT void _PG_init(void);

void
_PG_init(void)
{
	moment_init();
}
