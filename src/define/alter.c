/*
 * alter.c: alter_model.
 */
#include "segmentation.h"

#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "argument.h"
#include "names.h"
#include "refusal.h"
#include "trial.h"
#include "define/define.h"
#include "model/model.h"
#include "model/objects.h"
#include "rule/time_zone.h"
#include "types/segment_id.h"

/* arguments of alter_model */
enum
{
	ARG_MODEL,
	ARG_SOURCE,
	ARG_KEY,
	ARG_KIND,
	ARG_TIME_ZONE,
	ARG_OBJECTIVE,
	ARG_SEGMENT_COLUMN,
	ARG_RENAME,
	ARG_SCHEMA,
	ARG_PREFIX,
	ARG_ACCEPT_LOSS
};

#define SET_OF_MODEL(assignments) \
	"UPDATE segmentation.model SET " assignments " WHERE id OPERATOR(@types@.=) $1::@types@.segment_id"

static void
set_text(const Model *model, const char *sql, const char *value)
{
	catalogue_execute(sql, 2, (Oid[]) {TEXTOID, TEXTOID},
					  (Datum[]) {CStringGetTextDatum(model->id), CStringGetTextDatum(value)}, NULL);
}

static void
set_relation(const Model *model, const char *sql, Oid relid)
{
	catalogue_execute(sql, 2, (Oid[]) {TEXTOID, OIDOID},
					  (Datum[]) {CStringGetTextDatum(model->id), ObjectIdGetDatum(relid)}, NULL);
}

/* of what a statement has found, one name each */
static List *
found_names(void)
{
	List	   *names = NIL;

	for (uint64 i = 0; i < SPI_processed; i++)
		names = lappend(names, catalogue_get(i, 1));
	return names;
}

typedef struct SegmentRule
{
	char	   *model;
	char	   *segment;
	char	   *text;
} SegmentRule;

static List *
found_rules(void)
{
	List	   *rules = NIL;

	for (uint64 i = 0; i < SPI_processed; i++)
	{
		SegmentRule *rule = palloc(sizeof(SegmentRule));

		rule->model = catalogue_get(i, 1);
		rule->segment = catalogue_get(i, 2);
		rule->text = catalogue_get(i, 3);
		rules = lappend(rules, rule);
	}
	return rules;
}

static void
keep_rule(const SegmentRule *kept, const Rule *rule)
{
	catalogue_execute("UPDATE segmentation.segment SET rule = $3, columns = $4 "
					  "WHERE model OPERATOR(@types@.=) $1::@types@.segment_id AND id OPERATOR(@types@.=) $2::@types@.segment_id",
					  4, (Oid[]) {TEXTOID, TEXTOID, TEXTOID, NAMEARRAYOID},
					  (Datum[]) {CStringGetTextDatum(kept->model), CStringGetTextDatum(kept->segment),
								 CStringGetTextDatum(rule_deparse(rule)), names_to_array(rule->columns)}, NULL);
}

typedef struct Adaptation
{
	const Model *model;
	SegmentRule *rule;
} Adaptation;

static void
adapt_rule(void *arg)
{
	const Adaptation *adaptation = arg;
	const Model *model = adaptation->model;

	keep_rule(adaptation->rule, rule_parse_kept(model->source, adaptation->rule->text, model->id, model->time_zone));
}

static void
warn_unreadable(const Model *model, List *segments, const ErrorData *error)
{
	if (segments == NIL)
		return;
	ereport(WARNING,
			(errcode(error->sqlerrcode),
			 errmsg_plural("%d rule of model \"%s\" cannot be read over the new source: %s",
						   "%d rules of model \"%s\" cannot be read over the new source, the first: %s",
						   list_length(segments), list_length(segments), model->id, error->message),
			 errdetail("Of these segments: %s. They keep the members that they have.", first_ten(segments, ", ")),
			 errhint("Define them by columns that the source has, with segmentation.define_segment.")));
}

/*
 * Every rule gets its meaning over the new source: to the owner, as whom it will
 * be read.  One that has none there fails until it is defined anew; to refuse
 * the source would leave no way on where the old one is gone.
 */
static void
adapt_rules(const Model *model)
{
	List	   *unreadable = NIL;
	ErrorData  *first = NULL;
	ModelContext saved;
	ListCell   *cell;

	catalogue_execute("SELECT model::pg_catalog.text, id::pg_catalog.text, rule FROM segmentation.segment "
					  "WHERE model OPERATOR(@types@.=) $1::@types@.segment_id AND rule IS NOT NULL ORDER BY id",
					  1, (Oid[]) {TEXTOID}, (Datum[]) {CStringGetTextDatum(model->id)}, NULL);
	model_enter(model, &saved);
	foreach(cell, found_rules())
	{
		Adaptation	adaptation = {model, lfirst(cell)};
		ErrorData  *error = trial_run_rule(adapt_rule, &adaptation);

		if (error == NULL)
			continue;
		first = first ? first : error;
		unreadable = lappend(unreadable, adaptation.rule->segment);
	}
	model_leave(&saved);
	warn_unreadable(model, unreadable, first);
}

/* both sides of a reference must have the same customers, so the others have to follow */
static void
notice_related(const Model *model)
{
	List	   *others;

	catalogue_execute("SELECT DISTINCT o.id::pg_catalog.text FROM segmentation.segment_reference r "
					  "JOIN segmentation.model o ON o.id OPERATOR(@types@.=) ANY (ARRAY[r.model, r.to_model]) "
					  "WHERE $1::@types@.segment_id OPERATOR(@types@.=) ANY (ARRAY[r.model, r.to_model]) "
					  "AND o.id OPERATOR(@types@.<>) $1::@types@.segment_id "
					  "AND ((o.source OPERATOR(pg_catalog.=) $2) IS NOT TRUE OR o.key OPERATOR(pg_catalog.<>) $3) ORDER BY 1",
					  3, (Oid[]) {TEXTOID, OIDOID, NAMEARRAYOID},
					  (Datum[]) {CStringGetTextDatum(model->id), ObjectIdGetDatum(model->source),
								 names_to_array(model->key)}, NULL);
	others = found_names();
	if (others != NIL)
		ereport(NOTICE,
				(errmsg("rules of model \"%s\" and of others refer to each other over different sources or keys", model->id),
				 errdetail("The others are: %s.", first_ten(others, ", ")),
				 errhint("Until segmentation.alter_model has given all of them the same source and key, those whose rules ask for segments of others cannot be refreshed.")));
}

/* whether a column has another type than it had, or another length, scale or collation */
static bool
check_key_types(const Model *model, const List *before, const List *key, bool may_differ)
{
	bool		result = false;

	if (list_length(before) != list_length(key))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg_plural("key of model \"%s\" has %d column", "key of model \"%s\" has %d columns",
							   list_length(before), model->id, list_length(before)),
				 errhint("Customers that are identified in another way are those of another model: create one.")));
	for (int i = 0; i < list_length(key); i++)
	{
		KeyColumn  *old = list_nth(before, i);
		KeyColumn  *new = list_nth(key, i);

		if (may_differ ? !model_key_can_become(old->type, new->type) :
			old->type != new->type || !source_key_keeps_values(new, old))
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("key column \"%s\" has type %s, and in the assignment of model \"%s\" it is %s",
							new->name, source_key_type(new), model->id, source_key_type(old)),
					 may_differ ? errhint("Create another model.") :
					 errhint("Give the key as well if the model's tables are to have the type of the source.")));
		result |= strcmp(old->type_text, new->type_text) != 0 || strcmp(old->collate_text, new->collate_text) != 0;
	}
	return result;
}

/* the columns under the names that they still have; as the owner, whose the views are */
static void
retype_key(Model *model, const ModelNames *names, const List *before)
{
	ModelNames	retyped = *names;
	ModelContext saved;

	retyped.key = NIL;
	for (int i = 0; i < list_length(before); i++)
	{
		KeyColumn  *column = palloc(sizeof(KeyColumn));

		*column = *(KeyColumn *) list_nth(names->key, i);
		column->name = ((KeyColumn *) list_nth(before, i))->name;
		retyped.key = lappend(retyped.key, column);
	}
	model_enter(model, &saved);
	objects_retype_key(model, &retyped);
	model_leave(&saved);
	set_relation(model, SET_OF_MODEL("member = $2"), model->member);
}

static void
set_source(Model *model, FunctionCallInfo fcinfo)
{
	List	   *old_names = model->key;
	List	   *before;
	ModelNames *names;
	bool		retypes;

	before = source_key(model->assignment, old_names);
	names = objects_found(model);
	if (!PG_ARGISNULL(ARG_SOURCE))
		model->source = PG_GETARG_OID(ARG_SOURCE);
	else
		model_check_source(model);
	if (!PG_ARGISNULL(ARG_KEY))
		model->key = names_from_array(PG_GETARG_ARRAYTYPE_P(ARG_KEY), "key");
	source_check(model->source);
	names->key = source_key(model->source, model->key);
	retypes = check_key_types(model, before, names->key, !PG_ARGISNULL(ARG_KEY));
	if (model->kind == MODEL_COLUMN && PG_ARGISNULL(ARG_SEGMENT_COLUMN))
		source_check_segment_column(model->source, model->segment_column);
	if (retypes || !names_are_same(old_names, model->key))
		model_check_owns_all(model);
	if (retypes)
		retype_key(model, names, before);
	if (!names_are_same(old_names, model->key))
		objects_rename_key(names, old_names);
	catalogue_execute(SET_OF_MODEL("source = $2, key = $3"), 3, (Oid[]) {TEXTOID, OIDOID, NAMEARRAYOID},
					  (Datum[]) {CStringGetTextDatum(model->id), ObjectIdGetDatum(model->source),
								 names_to_array(model->key)}, NULL);
	adapt_rules(model);
	source_notice_duplicates(model->source, model->key);
	if (!PG_ARGISNULL(ARG_SOURCE))
		source_warn_clock(model);
	notice_related(model);
}

static const char *
schema_argument(FunctionCallInfo fcinfo)
{
	List	   *path;

	if (!PG_ARGISNULL(ARG_SCHEMA))
		return pstrdup(NameStr(*PG_GETARG_NAME(ARG_SCHEMA)));
	path = fetch_search_path(false);
	return path == NIL ? NULL : get_namespace_name(linitial_oid(path));
}

/* a model whose segments came before its customers gets its objects now */
static void
set_first_source(Model *model, FunctionCallInfo fcinfo, const char *schema)
{
	argument_require(fcinfo, ARG_SOURCE, "source");
	argument_require(fcinfo, ARG_KEY, "key");
	model->source = PG_GETARG_OID(ARG_SOURCE);
	model->key = names_from_array(PG_GETARG_ARRAYTYPE_P(ARG_KEY), "key");
	model->prefix = PG_ARGISNULL(ARG_PREFIX) ? model->id : pstrdup(NameStr(*PG_GETARG_NAME(ARG_PREFIX)));
	define_objects(model, schema);
	catalogue_execute(SET_OF_MODEL("source = $2, key = $3, prefix = $4, assignment = $5, history = $6, "
								   "member = $7, segment_column = $8, override = $9"),
					  9, (Oid[]) {TEXTOID, OIDOID, NAMEARRAYOID, TEXTOID, OIDOID, OIDOID, OIDOID, TEXTOID, OIDOID},
					  (Datum[]) {CStringGetTextDatum(model->id), ObjectIdGetDatum(model->source),
								 names_to_array(model->key), CStringGetTextDatum(model->prefix),
								 ObjectIdGetDatum(model->assignment), ObjectIdGetDatum(model->history),
								 ObjectIdGetDatum(model->member),
								 CStringGetTextDatum(model->segment_column ? model->segment_column : ""),
								 ObjectIdGetDatum(model->override)},
					  model->segment_column ? NULL : "       n ");
}

static void
refuse_kind(const Model *model, const char *detail, const char *hint)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("kind of model \"%s\" cannot be changed like that", model->id),
			 errdetail("%s", detail),
			 errhint("%s", hint)));
}

static void
check_ranks(const Model *model)
{
	List	   *segments;
	char	   *rank;

	catalogue_execute("SELECT id::pg_catalog.text, (SELECT (coalesce(pg_catalog.max(r.rank), 0) OPERATOR(pg_catalog.+) 10)::pg_catalog.text "
					  "FROM segmentation.segment r WHERE r.model OPERATOR(@types@.=) s.model) FROM segmentation.segment s "
					  "WHERE model OPERATOR(@types@.=) $1::@types@.segment_id AND rank IS NULL ORDER BY id",
					  1, (Oid[]) {TEXTOID}, (Datum[]) {CStringGetTextDatum(model->id)}, NULL);
	segments = found_names();
	if (segments == NIL)
		return;
	rank = catalogue_get(0, 2);
	refuse_kind(model, psprintf("In an exclusive model every segment has a rank; these have none: %s.", first_ten(segments, ", ")),
				psprintf("Give each of them one first, such as SELECT segmentation.define_segment(%s, %s, rank => %s);",
						 quote_literal_cstr(model->id), quote_literal_cstr(linitial(segments)), rank));
}

static void
set_kind(Model *model, const char *name)
{
	ModelKind	kind = define_kind(name);
	List	   *segments;

	if (kind == model->kind)
		return;
	if (kind == MODEL_COLUMN || model->kind == MODEL_COLUMN)
		refuse_kind(model, "What a column says and what rules say are different models.",
					"Create another model with segmentation.create_model.");
	if (kind == MODEL_EXCLUSIVE)
		check_ranks(model);
	set_text(model, SET_OF_MODEL("kind = $2"), name);
	model->kind = kind;
	catalogue_execute("SELECT id::pg_catalog.text FROM segmentation.segment "
					  "WHERE model OPERATOR(@types@.=) $1::@types@.segment_id ORDER BY id",
					  1, (Oid[]) {TEXTOID}, (Datum[]) {CStringGetTextDatum(model->id)}, NULL);
	if (kind == MODEL_EXCLUSIVE)
	{
		ListCell   *cell;

		foreach(cell, segments = found_names())
			cycle_check(model->id, lfirst(cell));
	}
}

static void
set_segment_column(Model *model, FunctionCallInfo fcinfo)
{
	model->segment_column = argument_name(fcinfo, ARG_SEGMENT_COLUMN);
	define_segment_column(model);
	set_text(model, SET_OF_MODEL("segment_column = $2"), model->segment_column);
}

/* objects keep their names: the application knows them */
static void
set_id(Model *model, char *id)
{
	char	   *before = model->id;
	ModelNames *names;
	ModelContext saved;

	if (strcmp(id, before) == 0)
		return;
	define_check_new(id, model->kind);
	set_text(model, SET_OF_MODEL("id = $2::@types@.segment_id"), id);
	model->id = id;
	rename_in_rules(before, id);
	if (model->source_name == NULL)
		return;
	model_check_owns_all(model);
	names = objects_found(model);
	names->key = source_key(model->assignment, model->key);
	model_enter(model, &saved);
	objects_create_member(names);
	objects_comment(names);
	model_leave(&saved);
}

static void
check_placed(const Model *model, FunctionCallInfo fcinfo)
{
	if (!PG_ARGISNULL(ARG_SCHEMA) || !PG_ARGISNULL(ARG_PREFIX))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("model \"%s\" has its tables and views already", model->id),
				 errhint("Rename them, or give them another schema, as any table and view; the model follows.")));
}

/* a model that has lost its views, its function or its table of overrides gets others; they are the owner's */
static void
complete_override(Model *model)
{
	Oid			override = model->override;
	Oid			member = model->member;
	ModelNames *names;
	ModelContext saved;

	model_check_tables(model);
	names = objects_found(model);
	names->key = source_key(model->assignment, model->key);
	model_enter(model, &saved);
	objects_complete(model, names);
	model_leave(&saved);
	/* those that are still there keep the names by which a swap is known */
	if (model->override != override)
		set_relation(model, SET_OF_MODEL("override = $2"), model->override);
	if (model->member != member)
		set_relation(model, SET_OF_MODEL("member = $2"), model->member);
}

static void
complete_objects(Model *model)
{
	complete_override(model);
	objects_complete_views(model);
}

static void
alter(Model *model, FunctionCallInfo fcinfo, const char *schema)
{
	if (model->source_name)
		complete_objects(model);
	if (!PG_ARGISNULL(ARG_TIME_ZONE))
	{
		model->time_zone = time_zone_name(text_to_cstring(PG_GETARG_TEXT_PP(ARG_TIME_ZONE)));
		set_text(model, SET_OF_MODEL("time_zone = $2"), model->time_zone);
	}
	if (!PG_ARGISNULL(ARG_OBJECTIVE))
		set_text(model, SET_OF_MODEL("objective = nullif($2, '')"), argument_text(fcinfo, ARG_OBJECTIVE));
	if (!PG_ARGISNULL(ARG_KIND))
		set_kind(model, argument_text(fcinfo, ARG_KIND));
	if (model->source_name)
	{
		check_placed(model, fcinfo);
		if (!PG_ARGISNULL(ARG_SOURCE) || !PG_ARGISNULL(ARG_KEY))
			set_source(model, fcinfo);
		if (!PG_ARGISNULL(ARG_SEGMENT_COLUMN))
			set_segment_column(model, fcinfo);
	}
	else if (!PG_ARGISNULL(ARG_SOURCE) || !PG_ARGISNULL(ARG_KEY))
	{
		model->segment_column = argument_name(fcinfo, ARG_SEGMENT_COLUMN);
		set_first_source(model, fcinfo, schema);
	}
	if (!PG_ARGISNULL(ARG_RENAME))
		set_id(model, segment_id_argument(fcinfo, ARG_RENAME));
}

/* what is not given stays as it is; all or nothing */
PG_FUNCTION_INFO_V1(alter_model);
Datum
alter_model(PG_FUNCTION_ARGS)
{
	const char *schema = schema_argument(fcinfo);
	char	   *id;
	Model	   *model;
	ModelContext saved;

	argument_require(fcinfo, ARG_MODEL, "model");
	id = segment_id_argument(fcinfo, ARG_MODEL);
	SPI_connect();
	model = change_begin(id, NIL);
	model_enter_caller(&saved);
	alter(model, fcinfo, schema);
	model_leave(&saved);
	if (!PG_ARGISNULL(ARG_ACCEPT_LOSS) && PG_GETARG_BOOL(ARG_ACCEPT_LOSS))
		change_accept_loss(model);
	change_end(model, "alter_model", NULL);
	SPI_finish();
	PG_RETURN_VOID();
}
