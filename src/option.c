/*
 * option.c: settings for a while.
 */
#include "segmentation.h"

#include "utils/guc.h"

#include "option.h"

/* until the level that AtEOXact_GUC leaves */
void
set_option(const char *name, const char *value)
{
	(void) set_config_option(name, value, PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
}
