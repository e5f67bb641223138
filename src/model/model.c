/*
 * model.c: reads a model from the catalogue.
 */
#include "segmentation.h"

#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "names.h"
#include "model/model.h"
#include "model/relation_reference.h"

/* columns of the query below */
enum
{
	MODEL_ID = 1,
	MODEL_KIND,
	MODEL_SOURCE,
	MODEL_COLUMN_NAME,
	MODEL_KEY,
	MODEL_TIME_ZONE,
	MODEL_PREFIX,
	MODEL_ASSIGNMENT,
	MODEL_HISTORY,
	MODEL_MEMBER,
	MODEL_OVERRIDE,
	MODEL_VERSION,
	MODEL_REFRESHED_VERSIONS,
	MODEL_REFRESHED_AT,
	MODEL_AS_OF,
	MODEL_CREATOR
};

#define MODEL_QUERY \
	"SELECT id::pg_catalog.text, kind, source, segment_column, key, time_zone, prefix, " \
	"assignment, history, member, override, " \
	"version, refreshed_versions, refreshed_at, as_of, " \
	"(SELECT d.changed_by FROM segmentation.definition d WHERE d.model OPERATOR(@types@.=) id ORDER BY d.version LIMIT 1) " \
	"FROM segmentation.model WHERE id OPERATOR(@types@.=) $1::@types@.segment_id"

#define SEGMENT_QUERY \
	"SELECT id::pg_catalog.text, rank, rule FROM segmentation.segment " \
	"WHERE model OPERATOR(@types@.=) $1::@types@.segment_id " \
	"ORDER BY rank, id"

void		(*refresh_progress) (void) = NULL;

/* under an id as it was given, in any case */
static void
query_model(const char *sql, const char *id)
{
	catalogue_execute(sql, 1, OIDS(TEXTOID), DATUMS(CStringGetTextDatum(id)), NULL);
}

static char *
get_text(HeapTuple tuple, int column)
{
	return SPI_getvalue(tuple, SPI_tuptable->tupdesc, column);
}

/* NULL: none */
static RelationReference *
get_reference(HeapTuple tuple, int column)
{
	bool		isnull;
	Datum		value = SPI_getbinval(tuple, SPI_tuptable->tupdesc, column, &isnull);

	return isnull ? NULL : DatumGetRelationReference(value);
}

static Oid
get_relation(HeapTuple tuple, int column)
{
	RelationReference *reference = get_reference(tuple, column);

	return reference ? reference_relation(reference) : InvalidOid;
}

static int
get_int(HeapTuple tuple, int column, bool *isnull)
{
	Datum		value = SPI_getbinval(tuple, SPI_tuptable->tupdesc, column, isnull);

	return *isnull ? 0 : DatumGetInt32(value);
}

static List *
get_names(HeapTuple tuple, int column)
{
	bool		isnull;
	Datum		array = SPI_getbinval(tuple, SPI_tuptable->tupdesc, column, &isnull);

	return isnull ? NIL : names_list(DatumGetArrayTypeP(array));
}

static ModelKind
kind_by_name(const char *name)
{
	return strcmp(name, "exclusive") == 0 ? MODEL_EXCLUSIVE :
		strcmp(name, "column") == 0 ? MODEL_COLUMN : MODEL_OVERLAPPING;
}

/*
 * As whom rules are evaluated: who owns what is left of the tables.  Where none
 * is left nobody answers for the rules, least of all the catalogue's owner, and
 * an oid from a dump may name anyone's table.
 */
static Oid
owner_of(const Model *model)
{
	if (model->source_name == NULL)
		return relation_owner(catalogue_relation("model"));
	if (description_fits(ASSIGNMENT_TABLE, model->assignment, model->key))
		return relation_owner(model->assignment);
	if (description_fits(HISTORY_TABLE, model->history, model->key))
		return relation_owner(model->history);
	return InvalidOid;
}

static void
read_source(Model *model, HeapTuple tuple)
{
	RelationReference *reference = get_reference(tuple, MODEL_SOURCE);

	if (reference == NULL)
		return;
	model->source = reference_relation(reference);
	model->source_name = pstrdup(reference->name);
	model->source_waits = reference_waits(reference);
	model->namesake = reference_namesake(reference);
}

/*
 * A source that was not there when the model was restored (a materialized view
 * may come after all data) is taken as soon as it is, if its owner has the
 * rights of the model's owner anyway: whoever else makes a view of that name
 * would have its functions run with those rights.
 */
static void
bind_source(Model *model)
{
	if (model->source_waits && OidIsValid(model->namesake) && OidIsValid(model->owner) &&
		has_privs_of_role(relation_owner(model->namesake), model->owner))
	{
		model->source = model->namesake;
		model->namesake = InvalidOid;
	}
}

/* a loader, or who restores, has put another relation in the place of one of its tables */
static void
read_swapped(Model *model, HeapTuple tuple)
{
	static const int columns[MODEL_TABLES] = {MODEL_ASSIGNMENT, MODEL_HISTORY, MODEL_OVERRIDE};

	for (int i = 0; i < MODEL_TABLES && model->swapped == NULL; i++)
	{
		RelationReference *reference = get_reference(tuple, columns[i]);

		model->swapped_for = reference ? reference_namesake(reference) : InvalidOid;
		if (!OidIsValid(model->swapped_for))
			continue;
		model->swapped = model_objects[i].suffix;
		model->swapped_table = reference_relation(reference);
	}
}

static Model *
model_from(HeapTuple tuple)
{
	Model	   *model = palloc0(sizeof(Model));
	bool		isnull;
	Datum		refreshed_at;
	Datum		as_of;

	model->id = get_text(tuple, MODEL_ID);
	model->kind = kind_by_name(get_text(tuple, MODEL_KIND));
	model->segment_column = get_text(tuple, MODEL_COLUMN_NAME);
	model->key = get_names(tuple, MODEL_KEY);
	model->time_zone = get_text(tuple, MODEL_TIME_ZONE);
	model->prefix = get_text(tuple, MODEL_PREFIX);
	model->assignment = get_relation(tuple, MODEL_ASSIGNMENT);
	model->history = get_relation(tuple, MODEL_HISTORY);
	model->member = get_relation(tuple, MODEL_MEMBER);
	model->version = get_int(tuple, MODEL_VERSION, &isnull);
	model->refreshed_versions = get_text(tuple, MODEL_REFRESHED_VERSIONS);
	refreshed_at = SPI_getbinval(tuple, SPI_tuptable->tupdesc, MODEL_REFRESHED_AT, &isnull);
	model->refreshed_at = isnull ? DT_NOBEGIN : DatumGetTimestampTz(refreshed_at);
	as_of = SPI_getbinval(tuple, SPI_tuptable->tupdesc, MODEL_AS_OF, &isnull);
	model->as_of = isnull ? DT_NOBEGIN : DatumGetTimestampTz(as_of);
	read_source(model, tuple);
	model->owner = owner_of(model);
	bind_source(model);
	model->creator = get_text(tuple, MODEL_CREATOR);
	model->kept_override = get_relation(tuple, MODEL_OVERRIDE);
	if (description_fits(OVERRIDE_TABLE, model->kept_override, model->key))
		model->override = model->kept_override;
	read_swapped(model, tuple);
	return model;
}

static ModelSegment *
segment_from(HeapTuple tuple)
{
	ModelSegment *segment = palloc0(sizeof(ModelSegment));
	bool		isnull;

	segment->id = get_text(tuple, 1);
	segment->rank = get_int(tuple, 2, &isnull);
	segment->has_rank = !isnull;
	segment->rule = get_text(tuple, 3);
	return segment;
}

static void
raise_unknown(const char *id)
{
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("model \"%s\" does not exist", id),
			 errhint("segmentation.create_model makes models; SELECT id FROM segmentation.model; lists them.")));
}

static Model *
read_model_rows(const char *id, const char *sql, bool with_segments)
{
	MemoryContext context = CurrentMemoryContext;
	MemoryContext spi_context;
	Model	   *model;

	SPI_connect();
	query_model(sql, id);
	if (SPI_processed == 0)
		raise_unknown(id);
	spi_context = MemoryContextSwitchTo(context);
	model = model_from(SPI_tuptable->vals[0]);
	if (with_segments)
	{
		MemoryContextSwitchTo(spi_context);
		query_model(SEGMENT_QUERY, id);
		MemoryContextSwitchTo(context);
		for (uint64 i = 0; i < SPI_processed; i++)
			model->segments = lappend(model->segments, segment_from(SPI_tuptable->vals[i]));
	}
	SPI_finish();
	return model;
}

/* the model with its segments, in the memory context of the moment */
Model *
model_read(const char *id)
{
	return read_model_rows(id, MODEL_QUERY, true);
}

/* a rule may call any function, and that one any of ours: a refresh would begin in itself */
void
model_refuse_within_refresh(void)
{
	if (refresh_progress)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_IN_USE),
				 errmsg("cannot refresh or change a model while this session refreshes one"),
				 errdetail("A rule, or a function that its source calls, has asked for it.")));
}

/*
 * The same, its row locked first: definitions and refreshes of one model
 * exclude each other, and what has been read stays true.
 */
Model *
model_read_locked(const char *id)
{
	model_refuse_within_refresh();
	return read_model_rows(id, MODEL_QUERY " FOR NO KEY UPDATE", true);
}

/* without its segments, which may be many */
Model *
model_read_definition(const char *id)
{
	return read_model_rows(id, MODEL_QUERY, false);
}

/* of a model whose tables are gone: who created it, and whoever has the catalogue */
static bool
may_bury(const Model *model)
{
	Oid			creator = model->creator ? get_role_oid(model->creator, true) : InvalidOid;

	return has_privs_of_role(GetUserId(), relation_owner(catalogue_relation("model"))) ||
		(OidIsValid(creator) && has_privs_of_role(GetUserId(), creator));
}

static char *
who_decides(const Model *model)
{
	if (!OidIsValid(model->owner))
		return psprintf("Its tables are gone: it can be dropped by role %s, who has created it, and by the owner of the extension.",
						model->creator ? quote_identifier(model->creator) : "none");
	if (model->source_name == NULL)
		return "It has no tables yet: it is changed by the owner of the extension.";
	if (description_fits(ASSIGNMENT_TABLE, model->assignment, model->key))
		return "The owner of a model is the owner of its assignment table.";
	return psprintf("Its assignment table is gone: what becomes of it is for role %s to say, whose its history %s is.",
					quote_identifier(GetUserNameFromId(model->owner, false)), relation_name(model->history));
}

/* only members of the owner's role change a model */
void
model_check_owner(const Model *model)
{
	if (OidIsValid(model->owner) ? has_privs_of_role(GetUserId(), model->owner) : may_bury(model))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("must be owner of model \"%s\"", model->id),
			 errdetail_internal("%s", who_decides(model))));
}

/* now or, where the model has been refreshed as of a later moment, that one */
TimestampTz
model_moment(const Model *model)
{
	return Max(GetCurrentTransactionStartTimestamp(), model->as_of);
}
