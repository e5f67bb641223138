/*
 * model_fault.c: what keeps a model from being refreshed, or makes it doubtful.
 *
 * The user's own DROP TABLE ... CASCADE goes past us, a loader puts another
 * table in the place of the source, and what is left behind may be dumped and
 * restored.  Functions raise a fault; segmentation.model_status and
 * segmentation.check_restore show it.
 */
#include "segmentation.h"

#include "access/relation.h"
#include "commands/defrem.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rls.h"

#include "names.h"
#include "refusal.h"
#include "model/source.h"

typedef struct ModelFault
{
	const char *status;			/* as segmentation.model_status says it */
	int			code;
	char	   *message;
	char	   *detail;			/* NULL: none */
	char	   *hint;
} ModelFault;

static ModelFault *
fault_make(const char *status, int code, char *message, char *detail, char *hint)
{
	ModelFault *fault = palloc(sizeof(ModelFault));

	*fault = (ModelFault)
	{
		status, code, message, detail, hint
	};
	return fault;
}

/* the level is ERROR or WARNING */
static void
fault_report(int level, const ModelFault *fault)
{
	if (fault)
		ereport(level,
				(errcode(fault->code), errmsg("%s", fault->message),
				 fault->detail ? errdetail("%s", fault->detail) : 0,
				 errhint("%s", fault->hint)));
}

/* the call that gives the model the relation as its source */
static char *
call_for_source(const Model *model, const char *relation)
{
	return psprintf("SELECT segmentation.alter_model(%s, source => %s);",
					quote_literal_cstr(model->id), quote_literal_cstr(relation));
}

static char *
call_for_key(const Model *model, const List *key)
{
	return psprintf("SELECT segmentation.alter_model(%s, key => %s);", quote_literal_cstr(model->id),
					quote_literal_cstr(OidOutputFunctionCall(F_ARRAY_OUT, names_to_array(key))));
}

static char *
fault_role_name(Oid role)
{
	return GetUserNameFromId(role, false);
}

/*
 * What the owner of a table has put on it, such as a trigger, runs as the
 * model's owner, and what the table says is evaluated so; and that one has to
 * have the rights that our statements take.
 */
static ModelFault *
find_other_owner(const Model *model, Oid relid, AclMode rights)
{
	Oid			owner = relation_owner(relid);

	if (!OidIsValid(owner) || owner == model->owner ||
		(has_privs_of_role(owner, model->owner) &&
		 pg_class_aclmask(relid, model->owner, rights, ACLMASK_ALL) == rights))
		return NULL;
	return fault_make("gone", ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
					  psprintf("tables of model \"%s\" belong to different roles", model->id),
					  psprintf("Its assignment belongs to role %s, and \"%s\" to role %s.",
							   fault_role_name(model->owner), get_rel_name(relid), fault_role_name(owner)),
					  psprintf("Give them the same owner: ALTER TABLE %s OWNER TO %s;", relation_name(relid),
							   quote_identifier(fault_role_name(model->owner))));
}

static ModelFault *
find_fault_of_tables(const Model *model)
{
	ModelFault *fault;

	if (!description_fits(ASSIGNMENT_TABLE, model->assignment, model->key) ||
		!description_fits(HISTORY_TABLE, model->history, model->key))
		return fault_make("gone", ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
						  psprintf("tables of model \"%s\" are gone", model->id),
						  "Its assignment or history was dropped or changed by other means than segmentation.drop_model.",
						  psprintf("Drop the model, SELECT segmentation.drop_model(%s); and create it again.",
								   quote_literal_cstr(model->id)));
	if ((fault = find_other_owner(model, model->history, ACL_SELECT | ACL_INSERT | ACL_DELETE)) != NULL ||
		(fault = find_other_owner(model, model->override, ACL_SELECT)) != NULL)
		return fault;
	/* one that cannot be read must not count for none */
	if (OidIsValid(model->kept_override) && !OidIsValid(model->override))
		return fault_make("gone", ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
						  psprintf("table of overrides of model \"%s\" has other columns than it had", model->id),
						  "What people have decided there cannot be read.",
						  psprintf("Change them back, or drop the table and have it made again: SELECT segmentation.alter_model(%s);",
								   quote_literal_cstr(model->id)));
	return NULL;
}

static char *
call_for_completion(const Model *model)
{
	return psprintf("SELECT segmentation.alter_model(%s);", quote_literal_cstr(model->id));
}

/*
 * One without which a refresh cannot read or write, or any; a model that an
 * earlier version has made is completed by who owns it.
 */
static ModelFault *
find_missing_column(const Model *model, bool any)
{
	static const int flags[MODEL_TABLES] = {[HISTORY_TABLE] = COLUMN_PERIOD,[OVERRIDE_TABLE] = COLUMN_DECIDES};
	Oid			tables[MODEL_TABLES] = {model->assignment, model->history, model->override};

	for (int i = 0; i < MODEL_TABLES; i++)
	{
		const ColumnDescription *column = OidIsValid(tables[i]) ? description_missing_column(i, tables[i], any ? 0 : flags[i]) : NULL;

		if (column)
			return fault_make("outdated", ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
							  psprintf("column \"%s\" of the %s of model \"%s\" is missing", column->name, model_objects[i].title, model->id),
							  "The model was made by an earlier version of the extension, or the column was dropped.",
							  psprintf("%s makes it.", call_for_completion(model)));
	}
	return NULL;
}

/* what became of it, and of its name */
static char *
source_fate(const Model *model)
{
	if (model->source_waits)
		return psprintf(OidIsValid(model->namesake) ?
						"Relation %s was not there when the model was restored, and the one that is there now has an owner without the rights of the model's." :
						"Relation %s was not there when the model was restored.", model->source_name);
	return psprintf(OidIsValid(model->namesake) ?
					"Relation %s is gone, and the one that has its name now is another." :
					"Relation %s is gone.", model->source_name);
}

static ModelFault *
find_fault_of_source(const Model *model)
{
	if (OidIsValid(model->source))
		return NULL;
	return fault_make("gone", ERRCODE_UNDEFINED_TABLE,
					  psprintf("source of model \"%s\" does not exist any more", model->id), source_fate(model),
					  OidIsValid(model->namesake) ?
					  psprintf("%s makes that one the source.", call_for_source(model, relation_name(model->namesake))) :
					  psprintf("Make it again under that name, then %s or name there another relation that has its customers.",
							   call_for_source(model, model->source_name)));
}

static char *
call_for_segment_column(const Model *model, const char *name)
{
	return psprintf("SELECT segmentation.alter_model(%s, segment_column => %s);",
					quote_literal_cstr(model->id), quote_literal_cstr(name));
}

/* only the user knows which column it is now; the call is for the likeliest */
static ModelFault *
fault_of_column(const Model *model, const char *what, const char *name)
{
	Relation	rel = relation_open_existing(model->source, AccessShareLock);
	List	   *columns = relation_columns_near(rel, name);
	bool		in_key = strcmp(what, "key") == 0;
	char	   *now = in_key ? likely_key_column(rel, columns, model->key) : name_not_among(columns, model->key);

	relation_close(rel, NoLock);
	return fault_make("gone", ERRCODE_UNDEFINED_COLUMN,
					  psprintf("%s column \"%s\" of model \"%s\" does not exist any more", what, name, model->id),
					  psprintf("Its source %s has no such column, but these: %s.", relation_name(model->source), first_ten(columns, ", ")),
					  now == NULL ? "Give the source a column of that name again." :
					  psprintf("Give it back its name, or say what it is called now; if that is \"%s\": %s", now,
							   in_key ? call_for_key(model, key_with(model->key, name, now)) : call_for_segment_column(model, now)));
}

/* those that the model itself names; the application may have renamed them */
static ModelFault *
find_fault_of_columns(const Model *model)
{
	ListCell   *cell;

	foreach(cell, model->key)
	{
		if (get_attnum(model->source, lfirst(cell)) == InvalidAttrNumber)
			return fault_of_column(model, "key", lfirst(cell));
	}
	if (model->segment_column && get_attnum(model->source, model->segment_column) == InvalidAttrNumber)
		return fault_of_column(model, "segment", model->segment_column);
	return NULL;
}

/* nothing is written to the other one, and nobody says by a call which of them is meant: names do */
static ModelFault *
find_swapped_table(const Model *model)
{
	char	   *name;

	if (model->swapped == NULL)
		return NULL;
	name = get_rel_name(model->swapped_for);
	return fault_make("swapped", ERRCODE_WARNING,
					  psprintf("another relation has the name that the %s table of model \"%s\" had", model->swapped, model->id),
					  OidIsValid(model->swapped_table) ?
					  psprintf("The model's is %s; %s is another relation.",
							   relation_name(model->swapped_table), relation_name(model->swapped_for)) :
					  psprintf("The model's is gone; %s is another relation.", relation_name(model->swapped_for)),
					  psprintf("Bring over what rows are to stay, and give the other one another name: ALTER TABLE %s RENAME TO %s;",
							   relation_name(model->swapped_for),
							   quote_identifier(makeObjectName(name, NULL, "other"))));
}

/* what a rename leaves behind is followed; but a loader may have meant the name, not the table */
static ModelFault *
find_swap(const Model *model)
{
	if (model->swapped)
		return find_swapped_table(model);
	if (!OidIsValid(model->source) || !OidIsValid(model->namesake))
		return NULL;
	return fault_make("swapped", ERRCODE_WARNING,
					  psprintf("source of model \"%s\" has another name now, and another relation has its name", model->id),
					  psprintf("The model reads %s; %s is another relation.",
							   relation_name(model->source), relation_name(model->namesake)),
					  psprintf("%s makes that one the source; %s stays with the one that is read.",
							   call_for_source(model, relation_name(model->namesake)),
							   call_for_source(model, relation_name(model->source))));
}

/*
 * By one statement, so that a definition that is being made is seen whole or not.
 * EXCEPT is no join, which could be planned for few segments where there are many.
 */
#define CONTRADICTION_QUERY \
	"WITH word AS (SELECT DISTINCT ON (segment) segment, change FROM segmentation.definition " \
	"WHERE model OPERATOR(@types@.=) $1::@types@.segment_id AND segment IS NOT NULL ORDER BY segment, version DESC), " \
	"lost AS (SELECT segment::pg_catalog.text AS id FROM (SELECT segment FROM word WHERE change <> 'drop_segment' EXCEPT " \
	"SELECT s.id FROM segmentation.segment s WHERE s.model OPERATOR(@types@.=) $1::@types@.segment_id) AS missing ORDER BY segment LIMIT 10) " \
	"SELECT CASE WHEN m.version > coalesce(last.version, 0) THEN m.version::pg_catalog.text END, coalesce(last.version, 0)::pg_catalog.text, " \
	"(SELECT string_agg(id, ', ') FROM lost) FROM segmentation.model m CROSS JOIN (SELECT max(version) AS version FROM segmentation.definition " \
	"WHERE model OPERATOR(@types@.=) $1::@types@.segment_id) AS last WHERE m.id OPERATOR(@types@.=) $1::@types@.segment_id"

/* what the catalogue itself says was there */
typedef struct Contradiction
{
	char	   *lost;			/* segments that were defined; NULL: none */
	char	   *version;		/* of the model, beyond that of its last definition; NULL: it is not */
	char	   *last;			/* that version */
} Contradiction;

/* those of a column are found again in its values; without a source there is no answer to be emptied */
static Contradiction
read_contradiction(const Model *model)
{
	MemoryContext context = CurrentMemoryContext;
	Contradiction result = {0};

	if (model->kind == MODEL_COLUMN || model->source_name == NULL)
		return result;
	SPI_connect();
	if (catalogue_execute(CONTRADICTION_QUERY, 1, OIDS(TEXTOID),
						  DATUMS(CStringGetTextDatum(model->id)), NULL) > 0)
	{
		MemoryContextSwitchTo(context);
		result = (Contradiction)
		{
			catalogue_get(0, 3), catalogue_get(0, 1), catalogue_get(0, 2)
		};
	}
	SPI_finish();
	MemoryContextSwitchTo(context);
	return result;
}

static ModelFault *
incomplete(const Model *model, char *detail, const char *what_else)
{
	return fault_make("incomplete", ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
					  psprintf("definitions of model \"%s\" are incomplete", model->id), detail,
					  psprintf("See what is missing with SELECT * FROM segmentation.check_restore(); and restore it, or %s", what_else));
}

static ModelFault *
find_lost_segments(const Model *model, const Contradiction *found)
{
	if (found->lost == NULL)
		return NULL;
	return incomplete(model, psprintf("Its segments were defined, and are not in segmentation.segment: %s.", found->lost),
					  "define the segments anew.");
}

/* the call that says that what has been lost is not coming back */
static char *
call_for_loss(const Model *model)
{
	return psprintf("SELECT segmentation.alter_model(%s, accept_loss => true);", quote_literal_cstr(model->id));
}

/* which segments there were nobody knows, so that somebody has to say that they are not coming back */
static ModelFault *
find_lost_versions(const Model *model, const Contradiction *found)
{
	if (found->version == NULL)
		return NULL;
	return incomplete(model, psprintf("It is of version %s, and the last one in segmentation.definition is %s.", found->version, found->last),
					  psprintf("say that what is left is all: %s and define what is missing before the next refresh, which empties all other segments.",
							   call_for_loss(model)));
}

/* a restore that has lost rows: without its segments a refresh would empty the model */
static ModelFault *
find_contradiction(const Model *model)
{
	Contradiction found = read_contradiction(model);
	ModelFault *fault = find_lost_segments(model, &found);

	return fault ? fault : find_lost_versions(model, &found);
}

/* what a change of the model would hide */
void
model_check_versions(const Model *model)
{
	Contradiction found = read_contradiction(model);

	fault_report(ERROR, find_lost_versions(model, &found));
}

void
model_check_definitions(const Model *model)
{
	fault_report(ERROR, find_contradiction(model));
}

/* values must be stored as they are */
static void
check_key_column(const Model *model, char *name)
{
	List	   *names = list_make1(name);
	KeyColumn  *column;
	KeyColumn  *stored;

	column = linitial(source_key(model->source, names));
	stored = linitial(source_key(model->assignment, names));
	if (!source_key_keeps_values(column, stored))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("key column \"%s\" has type %s, and in the assignment of model \"%s\" it is %s",
						name, source_key_type(column), model->id, source_key_type(stored)),
				 model_key_can_become(stored->type, column->type) ?
				 errhint("%s gives the model's tables the type of the source.", call_for_key(model, model->key)) :
				 errhint("Change the column's type back, or create another model.")));
}

void
model_check_tables(const Model *model)
{
	if (model->source_name == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("model \"%s\" has no source yet", model->id),
				 errhint("Say which table or view has its customers, and which columns identify them, by the arguments source and key of segmentation.alter_model.")));
	fault_report(ERROR, find_fault_of_tables(model));
}

/* false: a warning says what is wrong with them */
bool
model_warn_tables(const Model *model)
{
	ModelFault *fault = find_fault_of_tables(model);

	fault_report(WARNING, fault);
	return fault == NULL;
}

/* the application may have dropped it */
void
model_check_source(const Model *model)
{
	fault_report(ERROR, find_fault_of_source(model));
}

/* customers that it hides from the model's owner would have vanished */
static void
check_row_security(const Model *model, Oid relid)
{
	char	   *owner = fault_role_name(model->owner);

	if (!OidIsValid(relid) || check_enable_rls(relid, model->owner, true) != RLS_ENABLED)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("row-level security of \"%s\" holds for the owner of model \"%s\"", get_rel_name(relid), model->id),
			 errdetail("Rules are evaluated as role %s, who has to see all rows.", owner),
			 has_privs_of_role(model->owner, relation_owner(relid)) ?
			 errhint("Exempt the table's owner: ALTER TABLE %s NO FORCE ROW LEVEL SECURITY;", relation_name(relid)) :
			 errhint("Exempt the role: ALTER ROLE %s BYPASSRLS;", quote_identifier(owner))));
}

/* the tables, and the source with its key */
void
model_check_objects(const Model *model)
{
	ListCell   *cell;

	model_check_tables(model);
	fault_report(ERROR, find_missing_column(model, false));
	model_check_source(model);
	fault_report(ERROR, find_fault_of_columns(model));
	foreach(cell, model->key)
	{
		check_key_column(model, lfirst(cell));
	}
	check_row_security(model, model->source);
	check_row_security(model, model->assignment);
	check_row_security(model, model->history);
	check_row_security(model, model->override);
}

/* for who reads those columns too by which nothing is decided */
void
model_check_columns(const Model *model)
{
	fault_report(ERROR, find_missing_column(model, true));
}

void
model_warn_swapped(const Model *model)
{
	fault_report(WARNING, find_swap(model));
}

/* model_fault(model): status, message and hint, all NULL where there is none */
PG_FUNCTION_INFO_V1(model_fault);
Datum
model_fault(PG_FUNCTION_ARGS)
{
	ErrorContextCallback *context = context_hide_own();
	Model	   *model = model_read_definition(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	ModelFault *fault = NULL;
	TupleDesc	desc;
	Datum		values[3] = {0};
	bool		nulls[3] = {true, true, true};

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	if (model->source_name)
		fault = find_fault_of_tables(model);
	if (model->source_name && fault == NULL)
		fault = find_missing_column(model, true);
	if (model->source_name && fault == NULL)
		fault = find_fault_of_source(model);
	if (model->source_name && fault == NULL)
		fault = find_fault_of_columns(model);
	if (model->source_name && fault == NULL)
		fault = find_contradiction(model);
	if (fault == NULL)
		fault = find_swap(model);
	if (fault)
	{
		values[0] = CStringGetTextDatum(fault->status);
		values[1] = CStringGetTextDatum(fault->detail ? psprintf("%s. %s", fault->message, fault->detail) : fault->message);
		values[2] = CStringGetTextDatum(fault->hint);
		memset(nulls, false, sizeof(nulls));
	}
	error_context_stack = context;
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(desc, values, nulls)));
}
