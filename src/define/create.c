/*
 * create.c: create_model.
 */
#include "segmentation.h"

#include "catalog/namespace.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"

#include "argument.h"
#include "names.h"
#include "refusal.h"
#include "define/define.h"
#include "define/objects.h"
#include "rule/time_zone.h"
#include "types/segment_id.h"

/* arguments of create_model */
enum
{
	ARG_NAME,
	ARG_SOURCE,
	ARG_KEY,
	ARG_KIND,
	ARG_TIME_ZONE,
	ARG_SCHEMA,
	ARG_PREFIX,
	ARG_OBJECTIVE,
	ARG_SEGMENT_COLUMN
};

/* its markets are everyone's, so it is not for the first who asks */
#define MARKET_MODEL "market"

ModelKind
define_kind(const char *name)
{
	if (strcmp(name, "overlapping") == 0)
		return MODEL_OVERLAPPING;
	if (strcmp(name, "exclusive") == 0)
		return MODEL_EXCLUSIVE;
	if (strcmp(name, "column") == 0)
		return MODEL_COLUMN;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unrecognized kind of model: \"%s\"", name),
			 errhint("Kinds are \"overlapping\", \"exclusive\" and \"column\".")));
}

void
define_check_new(const char *id, ModelKind kind)
{
	int64		count = catalogue_execute("SELECT FROM segmentation.model WHERE id OPERATOR(@types@.=) $1::@types@.segment_id",
										  1, OIDS(TEXTOID), DATUMS(CStringGetTextDatum(id)), NULL);

	if (count > 0)
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_OBJECT),
				 errmsg("model \"%s\" already exists", id),
				 errhint("Change it with segmentation.alter_model, or drop it with segmentation.drop_model.")));
	if (strcmp(id, MARKET_MODEL) != 0)
		return;
	if (!has_privs_of_role(GetUserId(), relation_owner(catalogue_relation("model"))))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("must be owner of the extension to create model \"%s\"", MARKET_MODEL),
				 errdetail("That model divides customers by their market.")));
	if (kind != MODEL_COLUMN)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("model \"%s\" must be of kind \"column\"", MARKET_MODEL)));
}

static void
insert_model(const Model *model, const char *objective)
{
	static const char kinds[][12] = {"overlapping", "exclusive", "column"};
	Oid			types[] = {TEXTOID, TEXTOID, OIDOID, NAMEARRAYOID, TEXTOID, TEXTOID,
	TEXTOID, TEXTOID, OIDOID, OIDOID, OIDOID, OIDOID};
	Datum		values[] = {
		CStringGetTextDatum(model->id), CStringGetTextDatum(kinds[model->kind]),
		ObjectIdGetDatum(model->source), names_to_array(model->key),
		CStringGetTextDatum(model->segment_column ? model->segment_column : ""),
		CStringGetTextDatum(model->time_zone), CStringGetTextDatum(objective ? objective : ""),
		CStringGetTextDatum(model->prefix), ObjectIdGetDatum(model->assignment),
		ObjectIdGetDatum(model->history), ObjectIdGetDatum(model->member),
		ObjectIdGetDatum(model->override)
	};
	char		nulls[] = "            ";

	if (model->segment_column == NULL)
		nulls[4] = 'n';
	if (objective == NULL)
		nulls[6] = 'n';
	catalogue_execute("INSERT INTO segmentation.model (id, kind, source, key, segment_column, time_zone, objective, "
					  "prefix, assignment, history, member, override) VALUES ($1::@types@.segment_id, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
					  lengthof(types), types, values, nulls);
}

void
define_segment_column(Model *model)
{
	if (model->kind != MODEL_COLUMN && model->segment_column)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"segment_column\" is for models of kind \"column\"")));
	if (model->kind != MODEL_COLUMN)
		return;
	if (model->segment_column == NULL)
		model->segment_column = "segment";
	source_check_segment_column(model->source, model->segment_column);
}

static char *
check_schema(const char *schema)
{
	if (schema == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_SCHEMA),
				 errmsg("no schema has been selected to create the model's objects in")));
	if (isAnyTempNamespace(get_namespace_oid(schema, false)))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("objects of a model cannot be temporary")));
	return pstrdup(schema);
}

/* what create_model and the first source of a model without one have in common */
void
define_objects(Model *model, const char *schema)
{
	List	   *key;

	schema = check_schema(schema);
	source_check(model->source);
	key = source_key(model->source, model->key);
	define_segment_column(model);
	complete_new(model, schema, key);
	source_notice_duplicates(model->source, model->key);
	source_warn_clock(model);
}

static void
check_create_arguments(FunctionCallInfo fcinfo)
{
	argument_require(fcinfo, ARG_NAME, "name");
	argument_require(fcinfo, ARG_SOURCE, "source");
	argument_require(fcinfo, ARG_KEY, "key");
	argument_require(fcinfo, ARG_KIND, "kind");
	argument_require(fcinfo, ARG_TIME_ZONE, "time_zone");
}

PG_FUNCTION_INFO_V1(create_model);
Datum
create_model(PG_FUNCTION_ARGS)
{
	Model		model = {0};
	ModelContext saved;
	ErrorContextCallback *context = context_hide_own();

	check_create_arguments(fcinfo);
	model.id = segment_id_argument(fcinfo, ARG_NAME);
	model.source = PG_GETARG_OID(ARG_SOURCE);
	model.key = names_from_array(PG_GETARG_ARRAYTYPE_P(ARG_KEY), "key");
	model.kind = define_kind(text_to_cstring(PG_GETARG_TEXT_PP(ARG_KIND)));
	model.time_zone = time_zone_name(text_to_cstring(PG_GETARG_TEXT_PP(ARG_TIME_ZONE)));
	model.prefix = PG_ARGISNULL(ARG_PREFIX) ? model.id : argument_name(fcinfo, ARG_PREFIX);
	model.segment_column = argument_name(fcinfo, ARG_SEGMENT_COLUMN);

	SPI_connect();
	model_enter_caller(&saved);
	define_check_new(model.id, model.kind);
	define_objects(&model, argument_name(fcinfo, ARG_SCHEMA));
	insert_model(&model, argument_text(fcinfo, ARG_OBJECTIVE));
	change_record(model.id, "create_model", NULL);
	model_leave(&saved);
	SPI_finish();
	error_context_stack = context;
	PG_RETURN_VOID();
}
