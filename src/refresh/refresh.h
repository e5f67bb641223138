/*
 * refresh.h: a refresh of a model that is under way.
 */
#ifndef SEGMENTATION_REFRESH_REFRESH_H
#define SEGMENTATION_REFRESH_REFRESH_H

#include "segmentation.h"

#include "access/tupdesc.h"
#include "executor/tuptable.h"
#include "tcop/dest.h"
#include "utils/array.h"
#include "utils/hsearch.h"
#include "utils/tuplestore.h"

#include "model/model.h"
#include "types/segment_id.h"

/* customers who entered and left a segment */
typedef struct SegmentChange
{
	SegmentId	id;				/* hash key */
	int64		entered;
	int64		exited;
} SegmentChange;

/* rows that statements of the refresh name like a table */
typedef struct RowStore
{
	const char *name;
	TupleDesc	desc;
	Tuplestorestate *rows;
	int64		count;
} RowStore;

#define REFRESH_RECENT 256

typedef struct Refresh
{
	Model	   *model;
	TimestampTz as_of;			/* parameter $1 of all statements */
	TimestampTz moment;			/* parameter $2: when what has changed is recorded */
	char	   *versions;		/* of the model and of those that its rules ask */
	const char *cause;
	struct Compilation *compilation;
	char	   *select;			/* the compiled SELECT of everyone */
	int			nkeys;
	bool		unique_source;	/* the server sees to it that no key is there twice */

	int64		rows_read;
	int64		appeared;
	int64		changed;
	int64		vanished;
	int64		entered;
	int64		exited;
	HTAB	   *counts;			/* SegmentChange */
	SegmentChange *recent[REFRESH_RECENT];	/* some of these, at places that their ids give */
	int64		own;			/* answers to be changed whose period this transaction has begun */
	List	   *failures;		/* RuleFailure * */
	List	   *kept;			/* CompiledSegment *, own ones that keep their members for a failure */
} Refresh;

typedef void (*RowFunction) (Refresh *refresh, TupleTableSlot *slot, void *arg);

/* refresh_rows.c: running statements, and rows between them */
extern void refresh_execute(Refresh *refresh, const char *sql, RowFunction row, void *arg);
extern RowStore *row_store_create(const char *name, TupleDesc desc);
extern void row_store_put(RowStore *store, Datum *values, bool *nulls);
extern void row_store_register(RowStore *store);
extern void row_store_end(RowStore *store);
extern bool row_repeats(TupleTableSlot *slot, int a, int b, int count);
extern void refresh_count_row(Refresh *refresh);
extern void refresh_count_change(Refresh *refresh, Datum before, bool before_null,
								 Datum after, bool after_null);

/* refresh_failure.c */
extern void refresh_warn_since(const Refresh *refresh, const List *recorded);
extern void refresh_record_failures(const Refresh *refresh);

/* refresh_first.c */
extern bool refresh_fill(Refresh *refresh);

/* refresh_difference.c */
extern void refresh_find_difference(Refresh *refresh, RowStore *appeared, RowStore *touched);

/* refresh_write.c */
extern void refresh_write_difference(Refresh *refresh);

/* refresh_log.c */
extern Datum refresh_record(const Refresh *refresh, double milliseconds);

/* verify_query.c */
extern char *verify_query(const Model *model, const List *kept);

/* refresh_source.c: what is wrong with a source */
pg_noreturn extern void source_raise_wrong_segment(const Model *model, const char *value, const char *key);
pg_noreturn extern void source_raise_null_key(const Model *model, const char *column);
extern void source_refuse_wrong_segments(Refresh *refresh);
extern void source_refuse_duplicates(Refresh *refresh, const char *relation);

#endif							/* SEGMENTATION_REFRESH_REFRESH_H */
