/*
 * model.h: a model as the catalogue has it, and the contexts in which its
 * statements run.
 */
#ifndef SEGMENTATION_MODEL_MODEL_H
#define SEGMENTATION_MODEL_MODEL_H

#include "segmentation.h"

#include "datatype/timestamp.h"
#include "executor/spi.h"
#include "nodes/pg_list.h"
#include "tcop/dest.h"

#include "key.h"
#include "relation.h"
#include "model/description.h"

typedef struct ModelSegment
{
	char	   *id;
	bool		has_rank;
	int			rank;
	char	   *rule;			/* NULL: none */
} ModelSegment;

typedef enum ModelKind
{
	MODEL_OVERLAPPING,
	MODEL_EXCLUSIVE,
	MODEL_COLUMN
} ModelKind;

typedef struct Model
{
	char	   *id;
	ModelKind	kind;
	char	   *source_name;	/* when it was chosen, as SQL; NULL: no customers yet, and no objects */
	Oid			source;			/* InvalidOid: none, or it is gone */
	bool		source_waits;	/* it was not there when the model was restored */
	Oid			namesake;		/* another relation that has the source's name now; InvalidOid: none */
	List	   *key;			/* char *, unquoted */
	char	   *segment_column; /* unquoted; NULL but in a model of kind column */
	char	   *time_zone;
	char	   *prefix;
	Oid			assignment;
	Oid			history;
	Oid			member;
	Oid			override;		/* InvalidOid: none */
	Oid			kept_override;	/* the relation that the catalogue has for it, whatever its columns are */
	const char *swapped;		/* the table of these whose name another relation has now; NULL: none */
	Oid			swapped_table;	/* InvalidOid: it is gone */
	Oid			swapped_for;	/* the other relation */
	Oid			owner;			/* as whom rules are evaluated; InvalidOid: its tables are gone */
	char	   *creator;		/* who has logged in when it was created; NULL: not known */
	int			version;
	char	   *refreshed_versions; /* as reference_versions says them; NULL: never */
	TimestampTz refreshed_at;	/* by the clock; -infinity: never */
	TimestampTz as_of;			/* of the last refresh; -infinity: never */
	List	   *segments;		/* ModelSegment *, in the order of rank, then id */
} Model;

/*
 * Called for every customer evaluated while a refresh is on, NULL otherwise:
 * how it shows progress.
 */
extern void (*refresh_progress) (void);

/* model.c */
extern bool model_key_can_become(Oid from, Oid to);
extern char *model_equality_operator(Oid type);
extern Model *model_read(const char *id);
extern void model_refuse_within_refresh(void);
extern Model *model_read_locked(const char *id);
extern Model *model_read_definition(const char *id);
extern TimestampTz model_moment(const Model *model);
extern void model_check_owner(const Model *model);
extern KeyValues *model_read_key(const Model *model, ArrayType *key);

/* likely_column.c */
extern char *name_not_among(const List *names, const List *others);
extern char *likely_key_column(Relation rel, const List *columns, const List *key);
extern List *key_with(const List *key, const char *missing, char *now);

/* model_fault.c */
extern void model_check_tables(const Model *model);
extern bool model_warn_tables(const Model *model);
extern void model_check_source(const Model *model);
extern void model_check_objects(const Model *model);
extern void model_check_columns(const Model *model);
extern void model_check_definitions(const Model *model);
extern void model_check_versions(const Model *model);
extern void model_warn_swapped(const Model *model);

/* rights.c */
extern bool model_may_evaluate(ModelObject object, Oid relid, const List *key, Oid role);
extern void model_check_may_read(Oid relid);

/* failing.c */
extern List *model_failing_rules(const Model *model);

/* model_key.c */
extern char *model_key_match(const Model *model, const char *left, const char *right);

/* subscriber.c */
extern void model_refuse_subscriber(const Model *model);

/* what context.c restores */
typedef struct ModelContext
{
	Oid			userid;
	int			sec_context;
	int			nestlevel;
} ModelContext;

/* context.c */
extern void context_enter(Oid userid, int flags, ModelContext *saved);
extern void model_enter_caller(ModelContext *saved);
extern void model_leave(const ModelContext *saved);
extern void table_enter(Oid relid, ModelContext *saved);
extern void catalogue_enter(ModelContext *saved);

/* evaluation.c */
extern void model_enter(const Model *model, ModelContext *saved);
extern DestReceiver *model_result_receiver(FunctionCallInfo fcinfo);
extern void model_select(const char *sql, TimestampTz as_of, const KeyValues *key, bool read_only);
extern void model_execute(const char *sql, TimestampTz as_of, bool read_only, DestReceiver *dest);

/* rows.c */
typedef void (*SlotFunction) (TupleTableSlot *slot, void *arg);
extern DestReceiver *rows_receiver(SlotFunction function, void *arg);

/* moment.c */
extern void moment_init(void);
extern void moment_set(TimestampTz as_of);

/* schema.c: where the catalogue's tables and the extension's types are */
extern Oid	catalogue_relation(const char *name);
extern bool relation_has_column(Oid relid, const char *name, Oid type);
extern bool relation_has_columns(Oid relid, const List *names);
extern Oid	segment_id_type(void);
extern const char *types_schema(void);

/* catalogue.c: statements on the catalogue's tables */
extern char *catalogue_query(const char *sql);
extern SPIPlanPtr catalogue_plan(const char *sql, int nargs, Oid *types);
extern bool catalogue_is_planned(SPIPlanPtr plan);
extern int64 catalogue_run(const char *sql, int nargs, Oid *types, Datum *values, const char *nulls);
extern int64 catalogue_execute(const char *sql, int nargs, Oid *types, Datum *values, const char *nulls);
extern char *catalogue_get(int row, int column);

#endif							/* SEGMENTATION_MODEL_MODEL_H */
