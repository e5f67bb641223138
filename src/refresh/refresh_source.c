/*
 * refresh_source.c: a source that has a customer without a key, or twice, or in
 * what is no segment.
 */
#include "segmentation.h"

#include "executor/spi.h"
#include "utils/builtins.h"

#include "key.h"
#include "decide/compile.h"
#include "model/model.h"
#include "refresh/refresh.h"

void
source_raise_null_key(const Model *model, const char *column)
{
	ereport(ERROR,
			(errcode(ERRCODE_NOT_NULL_VIOLATION),
			 errmsg("a customer in %s has no key", relation_name(model->source)),
			 errdetail("Column \"%s\" is null.", column),
			 errhint("Leave such rows out of the source, or give them a key.")));
	pg_unreachable();
}

pg_noreturn static void
source_raise_duplicate(const Model *model, const char *key)
{
	ereport(ERROR,
			(errcode(ERRCODE_CARDINALITY_VIOLATION),
			 errmsg("a customer is in %s more than once", relation_name(model->source)),
			 errdetail("Key (%s)=(%s) is in several rows.", key_column_list(model->key, NULL), key),
			 errhint("The source of a model has one row per customer.")));
	pg_unreachable();
}

static void
raise_duplicate_row(Refresh *refresh, TupleTableSlot *slot, void *arg)
{
	source_raise_duplicate(refresh->model, TextDatumGetCString(slot->tts_values[0]));
}

void
source_refuse_duplicates(Refresh *refresh, const char *relation)
{
	char	   *key = key_column_list(refresh->model->key, NULL);

	refresh_execute(refresh,
					psprintf("SELECT pg_catalog.concat_ws(', ', %s) FROM %s GROUP BY %s "
							 "HAVING pg_catalog.count(*) OPERATOR(pg_catalog.>) 1 ORDER BY %s LIMIT 1",
							 key, relation, key, key),
					raise_duplicate_row, NULL);
}

/* key: NULL where the customer is not one of the source */
void
source_raise_wrong_segment(const Model *model, const char *value, const char *key)
{
	const char *format = "An id has 1 to 24 characters of a-z, 0-9, \"-\", \"_\" and \".\", and begins and ends with a letter or digit.";

	ereport(ERROR,
			(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
			 errmsg("\"%s\" in column \"%s\" of %s is no segment id", value,
					model->segment_column, relation_name(model->source)),
			 key ? errdetail("The customer is (%s)=(%s). %s", key_column_list(model->key, NULL), key, format) :
			 errdetail("%s", format),
			 errhint("Mend the value, or make the source a view that has such ids, as by lower(replace(%s::text, ' ', '-')).",
					 quote_identifier(model->segment_column))));
	pg_unreachable();
}

static void
raise_wrong_segment(Refresh *refresh, TupleTableSlot *slot, void *arg)
{
	source_raise_wrong_segment(refresh->model, TextDatumGetCString(slot->tts_values[1]),
							   TextDatumGetCString(slot->tts_values[0]));
}

/* after an error: the first customer whose column could have caused it */
void
source_refuse_wrong_segments(Refresh *refresh)
{
	const Model *model = refresh->model;
	char	   *key = key_column_list(model->key, "source");

	SPI_connect();
	refresh_execute(refresh,
					psprintf("SELECT pg_catalog.concat_ws(', ', %s), source.%s::pg_catalog.text FROM %s AS source "
							 "WHERE %s OPERATOR(pg_catalog.!~) '^[a-z0-9]([a-z0-9_.-]{0,22}[a-z0-9])?$' ORDER BY %s LIMIT 1",
							 key, quote_identifier(model->segment_column), relation_name(model->source),
							 compile_segment_column(model), key),
					raise_wrong_segment, NULL);
	SPI_finish();
}
