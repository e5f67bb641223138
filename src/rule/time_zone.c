/*
 * time_zone.c: names of time zones.
 */
#include "segmentation.h"

#include "pgtime.h"
#include "utils/builtins.h"

#include "argument.h"
#include "refusal.h"
#include "rule/time_zone.h"

/* the name as the server spells it */
char *
time_zone_name(const char *name)
{
	pg_tz	   *tz = pg_tzset(name);

	if (tz == NULL || !pg_tz_acceptable(tz))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("time zone \"%s\" not recognized", name),
				 errhint("SELECT name FROM pg_catalog.pg_timezone_names; lists them.")));
	return pstrdup(pg_get_timezone_name(tz));
}

/* known_time_zone(name): the same for our functions in PL */
PG_FUNCTION_INFO_V1(known_time_zone);
Datum
known_time_zone(PG_FUNCTION_ARGS)
{
	ErrorContextCallback *context = context_hide_own();
	char	   *name;

	argument_require(fcinfo, 0, "time_zone");
	name = time_zone_name(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	error_context_stack = context;
	PG_RETURN_TEXT_P(cstring_to_text(name));
}
