/*
 * catalogue.c: statements on the catalogue's tables.
 */
#include "segmentation.h"

#include "executor/spi.h"
#include "lib/stringinfo.h"

#include "refusal.h"
#include "model/model.h"

#define TYPES_SCHEMA "@types@"

/* a statement with @types@ replaced by that name */
char *
catalogue_query(const char *sql)
{
	const char *schema = types_schema();
	const char *at;
	StringInfoData buf;

	initStringInfo(&buf);
	while ((at = strstr(sql, TYPES_SCHEMA)) != NULL)
	{
		appendBinaryStringInfo(&buf, sql, at - sql);
		appendStringInfoString(&buf, schema);
		sql = at + strlen(TYPES_SCHEMA);
	}
	appendStringInfoString(&buf, sql);
	return buf.data;
}

/*
 * Runs a statement with a fixed text on the catalogue's tables, within SPI, and
 * returns how many rows it processed.  Who may ask for it is for the caller to
 * check.
 */
int64
catalogue_execute(const char *sql, int nargs, Oid *types, Datum *values, const char *nulls)
{
	ModelContext saved;
	int			result;

	catalogue_enter(&saved);
	result = execute_untold(catalogue_query(sql), nargs, types, values, nulls, false, 0);
	if (result < 0)
		elog(ERROR, "SPI_execute_with_args failed: %s", SPI_result_code_string(result));
	model_leave(&saved);
	return SPI_processed;
}

/* of what the last statement has found; rows count from 0, columns from 1 */
char *
catalogue_get(int row, int column)
{
	return SPI_getvalue(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column);
}
