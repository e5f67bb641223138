/*
 * refresh_log.c: the record of a refresh in the catalogue.
 */
#include "segmentation.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "refresh/refresh.h"

#define LOG_NARGS 13

static const char log_query[] =
"INSERT INTO segmentation.refresh_log AS l (model, refreshed_at, as_of, cause, version, rows_read, "
"appeared, changed, vanished, entered, exited, milliseconds, failed) "
"VALUES ($1::@types@.segment_id, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) RETURNING l";

static const char model_query[] =
"UPDATE segmentation.model SET refreshed_at = $2, as_of = $3, refreshed_versions = $4 "
"WHERE id OPERATOR(@types@.=) $1::@types@.segment_id";

static const char segment_query[] =
"INSERT INTO segmentation.refresh_log_segment (model, refreshed_at, segment, entered, exited) "
"VALUES ($1::@types@.segment_id, $2, $3::@types@.segment_id, $4, $5)";

/* of a column model: segments that the application has come up with, not those that are left for the last time */
static const char register_query[] =
"INSERT INTO segmentation.segment (model, id) VALUES ($1::@types@.segment_id, $2::@types@.segment_id) "
"ON CONFLICT DO NOTHING";

static void
record_model(const Refresh *refresh)
{
	Oid			types[4] = {TEXTOID, TIMESTAMPTZOID, TIMESTAMPTZOID, TEXTOID};
	Datum		values[4];

	values[0] = CStringGetTextDatum(refresh->model->id);
	values[1] = TimestampTzGetDatum(refresh->moment);
	values[2] = TimestampTzGetDatum(refresh->as_of);
	values[3] = CStringGetTextDatum(refresh->versions);
	catalogue_execute(model_query, 4, types, values, NULL);
}

static void
record_segment(const Refresh *refresh, const SegmentChange *count)
{
	Oid			types[5] = {TEXTOID, TIMESTAMPTZOID, TEXTOID, INT8OID, INT8OID};
	Datum		values[5];

	values[0] = CStringGetTextDatum(refresh->model->id);
	values[1] = TimestampTzGetDatum(refresh->moment);
	values[2] = CStringGetTextDatum(segment_id_to_cstring(&count->id));
	values[3] = Int64GetDatum(count->entered);
	values[4] = Int64GetDatum(count->exited);
	catalogue_execute(segment_query, 5, types, values, NULL);
}

static void
register_segment(const Refresh *refresh, const SegmentChange *count)
{
	Oid			types[2] = {TEXTOID, TEXTOID};
	Datum		values[2];

	values[0] = CStringGetTextDatum(refresh->model->id);
	values[1] = CStringGetTextDatum(segment_id_to_cstring(&count->id));
	catalogue_execute(register_query, 2, types, values, NULL);
}

static void
record_segments(const Refresh *refresh)
{
	HASH_SEQ_STATUS status;
	SegmentChange *count;

	hash_seq_init(&status, refresh->counts);
	while ((count = hash_seq_search(&status)) != NULL)
	{
		if (refresh->model->kind == MODEL_COLUMN && count->entered > 0)
			register_segment(refresh, count);
		record_segment(refresh, count);
	}
}

static void
set_values(const Refresh *refresh, double milliseconds, Datum *values)
{
	values[0] = CStringGetTextDatum(refresh->model->id);
	values[1] = TimestampTzGetDatum(refresh->moment);
	values[2] = TimestampTzGetDatum(refresh->as_of);
	values[3] = CStringGetTextDatum(refresh->cause);
	values[4] = Int32GetDatum(refresh->model->version);
	values[5] = Int64GetDatum(refresh->rows_read);
	values[6] = Int64GetDatum(refresh->appeared);
	values[7] = Int64GetDatum(refresh->changed);
	values[8] = Int64GetDatum(refresh->vanished);
	values[9] = Int64GetDatum(refresh->entered);
	values[10] = Int64GetDatum(refresh->exited);
	values[11] = Float8GetDatum(milliseconds);
	values[12] = Int32GetDatum(list_length(refresh->kept));
}

/* records it and returns the log's row */
Datum
refresh_record(const Refresh *refresh, double milliseconds)
{
	Oid			types[LOG_NARGS] = {
		TEXTOID, TIMESTAMPTZOID, TIMESTAMPTZOID, TEXTOID, INT4OID, INT8OID,
		INT8OID, INT8OID, INT8OID, INT8OID, INT8OID, FLOAT8OID, INT4OID
	};
	Datum		values[LOG_NARGS];
	Datum		result;
	bool		isnull;

	SPI_connect();
	set_values(refresh, milliseconds, values);
	catalogue_execute(log_query, LOG_NARGS, types, values, NULL);
	result = SPI_datumTransfer(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull),
							   false, -1);
	record_model(refresh);
	record_segments(refresh);
	refresh_record_failures(refresh);
	SPI_finish();
	return result;
}
