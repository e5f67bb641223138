/*
 * evaluation.c: as whom, and with which settings, the rules of a model are evaluated.
 */
#include "segmentation.h"

#include "executor/tstoreReceiver.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/timestamp.h"

#include "option.h"
#include "refusal.h"
#include "model/model.h"

/* what else a session could set that changes what a rule means or says */
static const char *const settings[][2] = {
	{"row_security", "off"},
	{"DateStyle", "ISO, YMD"},
	{"IntervalStyle", "postgres"},
	{"extra_float_digits", "3"},
	{"bytea_output", "hex"},
	{"xmlbinary", "base64"},
	{"xmloption", "content"},
	{"lc_monetary", "C"},
	{"lc_numeric", "C"},
	{"lc_time", "C"},
	{"default_text_search_config", "pg_catalog.simple"},
	{"array_nulls", "on"},
	{"transform_null_equals", "off"},
	{"standard_conforming_strings", "on"},
	{"backslash_quote", "safe_encoding"},
	{"quote_all_identifiers", "off"}
};

/*
 * Rules run as the model's owner, who has written them or let others write
 * them, and cannot use the rights or the session of whoever asks; and with the
 * model's settings, whatever the session's are.  Where its tables are gone nobody
 * is its owner: an error.
 */
void
model_enter(const Model *model, ModelContext *saved)
{
	if (!OidIsValid(model->owner))
		model_check_tables(model);
	context_enter(model->owner, SECURITY_LOCAL_USERID_CHANGE | SECURITY_RESTRICTED_OPERATION, saved);
	for (size_t i = 0; i < lengthof(settings); i++)
		set_option(settings[i][0], settings[i][1]);
	set_option("TimeZone", model->time_zone);
}

/* of the rows that the called function returns */
DestReceiver *
model_result_receiver(FunctionCallInfo fcinfo)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	DestReceiver *dest = CreateTuplestoreDestReceiver();

	InitMaterializedSRF(fcinfo, 0);
	SetTuplestoreDestReceiverParams(dest, result->setResult, result->econtext->ecxt_per_query_memory,
									false, result->setDesc, NULL);
	return dest;
}

/* a statement whose $1, and the moment() of the views in it, is that as of which rules are evaluated */
void
model_execute(const char *sql, TimestampTz as_of, bool read_only, DestReceiver *dest)
{
	SPIExecuteOptions options = {.read_only = read_only, .dest = dest};

	options.params = makeParamList(1);
	options.params->params[0] = (ParamExternData)
	{
		TimestampTzGetDatum(as_of), false, PARAM_FLAG_CONST, TIMESTAMPTZOID
	};
	moment_set(as_of);
	if (execute_extended_untold(sql, &options) < 0)
		elog(ERROR, "SPI_execute_extended failed: %s", SPI_result_code_string(SPI_result));
}

/* within SPI: a SELECT whose $1 is a moment and, unless NULL, $2 and on a customer's key */
void
model_select(const char *sql, TimestampTz as_of, const KeyValues *key, bool read_only)
{
	Oid			types[INDEX_MAX_KEYS + 1] = {TIMESTAMPTZOID};
	Datum		values[INDEX_MAX_KEYS + 1] = {TimestampTzGetDatum(as_of)};
	int			count = key ? key->count : 0;
	int			result;

	for (int i = 0; i < count; i++)
	{
		types[i + 1] = key->types[i];
		values[i + 1] = key->values[i];
	}
	result = execute_untold(sql, count + 1, types, values, NULL, read_only, 0);
	if (result != SPI_OK_SELECT)
		elog(ERROR, "SPI_execute_with_args failed: %s", SPI_result_code_string(result));
}
