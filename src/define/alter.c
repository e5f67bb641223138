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
#include "define/define.h"
#include "define/objects.h"
#include "model/model.h"
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
	catalogue_execute(sql, 2, OIDS(TEXTOID, TEXTOID),
					  DATUMS(CStringGetTextDatum(model->id), CStringGetTextDatum(value)), NULL);
}

static void
set_relation(const Model *model, const char *sql, Oid relid)
{
	catalogue_execute(sql, 2, OIDS(TEXTOID, OIDOID),
					  DATUMS(CStringGetTextDatum(model->id), ObjectIdGetDatum(relid)), NULL);
}

/* those that are still there keep the names by which a swap is known */
static void
set_made(const Model *model, const Model *before)
{
	if (model->override != before->override)
		set_relation(model, SET_OF_MODEL("override = $2"), model->override);
	if (model->member != before->member)
		set_relation(model, SET_OF_MODEL("member = $2"), model->member);
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
					  3, OIDS(TEXTOID, OIDOID, NAMEARRAYOID),
					  DATUMS(CStringGetTextDatum(model->id), ObjectIdGetDatum(model->source),
							 names_to_array(model->key)), NULL);
	others = found_names();
	if (others != NIL)
		ereport(NOTICE,
				(errmsg("rules of model \"%s\" and of others refer to each other over different sources or keys", model->id),
				 errdetail("The others are: %s.", first_ten(others, ", ")),
				 errhint("Until segmentation.alter_model has given all of them the same source and key, those whose rules ask for segments of others cannot be refreshed.")));
}

static void
set_source(Model *model, FunctionCallInfo fcinfo)
{
	Model		before = *model;
	bool		has_key = !PG_ARGISNULL(ARG_KEY);

	if (!PG_ARGISNULL(ARG_SOURCE))
		model->source = PG_GETARG_OID(ARG_SOURCE);
	else
		model_check_source(model);
	source_check(model->source);
	rekey_model(model, has_key ? names_from_array(PG_GETARG_ARRAYTYPE_P(ARG_KEY), "key") : model->key, has_key);
	if (model->kind == MODEL_COLUMN && PG_ARGISNULL(ARG_SEGMENT_COLUMN))
		source_check_segment_column(model->source, model->segment_column);
	set_made(model, &before);
	catalogue_execute(SET_OF_MODEL("source = $2, key = $3"), 3, OIDS(TEXTOID, OIDOID, NAMEARRAYOID),
					  DATUMS(CStringGetTextDatum(model->id), ObjectIdGetDatum(model->source),
							 names_to_array(model->key)), NULL);
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
					  9, OIDS(TEXTOID, OIDOID, NAMEARRAYOID, TEXTOID, OIDOID, OIDOID, OIDOID, TEXTOID, OIDOID),
					  DATUMS(CStringGetTextDatum(model->id), ObjectIdGetDatum(model->source),
							 names_to_array(model->key), CStringGetTextDatum(model->prefix),
							 ObjectIdGetDatum(model->assignment), ObjectIdGetDatum(model->history),
							 ObjectIdGetDatum(model->member),
							 CStringGetTextDatum(model->segment_column ? model->segment_column : ""),
							 ObjectIdGetDatum(model->override)),
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
					  1, OIDS(TEXTOID), DATUMS(CStringGetTextDatum(model->id)), NULL);
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
					  1, OIDS(TEXTOID), DATUMS(CStringGetTextDatum(model->id)), NULL);
	if (kind == MODEL_EXCLUSIVE)
	{
		ListCell   *cell;

		foreach(cell, segments = found_names())
		{
			cycle_check(model->id, lfirst(cell));
		}
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
	names = objects_found(model);
	names->key = source_key(model->assignment, model->key);
	owned_check(names, model->owner);
	model_enter(model, &saved);
	objects_create_view(names, MEMBER_VIEW, objects_view_options(names, MEMBER_VIEW));
	objects_comment_renamed(names, before);
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

static void
alter(Model *model, FunctionCallInfo fcinfo, const char *schema)
{
	Model		before = *model;

	if (model->source_name)
		complete_model(model);
	set_made(model, &before);
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
