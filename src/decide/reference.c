/*
 * reference.c: what a rule that asks for another model's segment gets.
 *
 * Rules run as the owner of the model that is evaluated, those that they ask
 * for too.  Where the asked model's owner, or whose its overrides are, has not
 * the rights of that one, nothing that is theirs runs: its stored answers are
 * looked up instead, by a function that runs nothing either.
 */
#include "segmentation.h"

#include "catalog/objectaddress.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "parser/parse_coerce.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rls.h"

#include "key.h"
#include "names.h"
#include "decide/reference.h"
#include "model/model.h"
#include "override/override.h"

static bool
lacks_rights(Oid role, const Model *asking)
{
	return !OidIsValid(role) || !has_privs_of_role(role, asking->owner);
}

/* as things are now: ownership and membership may change after a definition */
bool
reference_reads_answers(const Model *asking, const Model *asked)
{
	return lacks_rights(asked->owner, asking) ||
		(OidIsValid(asked->override) && lacks_rights(relation_owner(asked->override), asking));
}

/* models that its rules ask, but not those whose answers are data for the asking one */
static List *
asked_by(const Model *asking, const char *id)
{
	List	   *names = NIL;
	List	   *result = NIL;
	ListCell   *cell;

	catalogue_execute("SELECT DISTINCT to_model::pg_catalog.text FROM segmentation.segment_reference "
					  "WHERE model OPERATOR(@types@.=) $1::@types@.segment_id",
					  1, OIDS(TEXTOID), DATUMS(CStringGetTextDatum(id)), NULL);
	for (uint64 i = 0; i < SPI_processed; i++)
		names = lappend(names, catalogue_get(i, 1));
	foreach(cell, names)
	{
		if (!reference_reads_answers(asking, model_read_definition(lfirst(cell))))
			result = lappend(result, lfirst(cell));
	}
	return result;
}

/* "service 3, tier 2": of the model and of all whose rules decide with its own, directly or by others */
char *
reference_versions(const Model *model)
{
	MemoryContext context = CurrentMemoryContext;
	List	   *asked = list_make1(model->id);
	char	   *versions;
	ListCell   *cell;

	SPI_connect();
	foreach(cell, asked)
	{
		List	   *others = asked_by(model, lfirst(cell));

		for (int i = 0; i < list_length(others); i++)
			if (!names_contain(asked, list_nth(others, i)))
				asked = lappend(asked, list_nth(others, i));
	}
	catalogue_execute("SELECT pg_catalog.string_agg(pg_catalog.concat(id, ' ', version), ', ' ORDER BY id) "
					  "FROM segmentation.model WHERE id OPERATOR(@types@.=) ANY ($1::@types@.segment_id[])",
					  1, OIDS(TEXTARRAYOID), DATUMS(PointerGetDatum(strlist_to_textarray(asked))), NULL);
	MemoryContextSwitchTo(context);
	versions = catalogue_get(0, 1);
	SPI_finish();
	return versions;
}

static const char *
quoted_owner(Oid role)
{
	return quote_identifier(GetUserNameFromId(role, false));
}

static void
check_same_customers(const Model *asking, const Model *asked)
{
	if (asked->source != asking->source || !names_are_same(asked->key, asking->key))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
				 errmsg("models \"%s\" and \"%s\" are of different customers", asking->id, asked->id),
				 errdetail("A rule can ask for segments of a model with the same source and key only.")));
}

/* the statement that lets a role read what of a model's table decides */
static char *
grant_for(ModelObject object, Oid relid, const List *key, const char *role)
{
	return psprintf("GRANT SELECT (%s, %s) ON %s TO %s;", key_column_list(key, NULL),
					description_list(object, COLUMN_DECIDES, "", NULL), relation_name(relid), role);
}

static void
check_may_read_answers(const Model *asking, const Model *asked)
{
	Oid			schema = get_rel_namespace(asked->assignment);
	bool		has_schema = pg_namespace_aclcheck(schema, asking->owner, ACL_USAGE) == ACLCHECK_OK;
	const char *role = quoted_owner(asking->owner);
	bool		of_rules = lacks_rights(asked->owner, asking);

	if (has_schema && model_may_evaluate(ASSIGNMENT_TABLE, asked->assignment, asked->key, asking->owner))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("permission denied for role %s to read the answers of model \"%s\"", role, asked->id),
			 errdetail("Rules of model \"%s\" run as role %s, and %s of model \"%s\" are of role %s, which has not the rights of that one: "
					   "its stored answers are read.", asking->id, role, of_rules ? "those" : "overrides", asked->id,
					   quoted_owner(of_rules ? asked->owner : relation_owner(asked->override))),
			 errhint("Let their owner say: %s%s",
					 has_schema ? "" : psprintf("GRANT USAGE ON SCHEMA %s TO %s; ",
												quote_identifier(get_namespace_name(schema)), role),
					 grant_for(ASSIGNMENT_TABLE, asked->assignment, asked->key, role))));
}

/* what the role lacks to read a model's answers and decisions, as the statements that give it */
static char *
grants_for(const Model *asked, const char *role)
{
	char	   *grants = psprintf("GRANT USAGE ON SCHEMA %s TO %s; %s", relation_schema(asked->assignment), role,
								  grant_for(ASSIGNMENT_TABLE, asked->assignment, asked->key, role));

	if (OidIsValid(asked->override))
		grants = psprintf("%s %s", grants, grant_for(OVERRIDE_TABLE, asked->override, asked->key, role));
	return grants;
}

/* rules and overrides, which go into the asking model's SELECT */
static void
check_may_evaluate(const Model *asking, const Model *asked)
{
	if (model_may_evaluate(ASSIGNMENT_TABLE, asked->assignment, asked->key, asking->owner) &&
		model_may_evaluate(OVERRIDE_TABLE, asked->override, asked->key, asking->owner))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("permission denied for role %s to refer to segments of model \"%s\"", quoted_owner(asking->owner), asked->id),
			 errdetail("That takes SELECT on its assignment and on its overrides, there without reason and author."),
			 errhint("Let role %s or a superuser say: %s", quoted_owner(asked->owner), grants_for(asked, quoted_owner(asking->owner)))));
}

static void
check_policies(const Model *asking, const Model *asked)
{
	if (check_enable_rls(asked->assignment, asking->owner, true) == RLS_ENABLED)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("row-level security of \"%s\" holds for role %s", get_rel_name(asked->assignment), quoted_owner(asking->owner)),
				 errdetail("Rules that ask for segments of model \"%s\" would find its answers incomplete.", asked->id)));
}

static void
check_answer_types(const Model *asking, const Model *asked)
{
	ListCell   *cell;

	foreach(cell, asked->key)
	{
		Oid			type = get_atttype(asking->source, get_attnum(asking->source, lfirst(cell)));
		Oid			stored = get_atttype(asked->assignment, get_attnum(asked->assignment, lfirst(cell)));

		if (!OidIsValid(type) || !IsBinaryCoercible(getBaseType(type), getBaseType(stored)))
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("key column \"%s\" has another type in the assignment of model \"%s\" than in the source",
							(char *) lfirst(cell), asked->id)));
	}
}

static void
check_answers(const Model *asking, const Model *asked)
{
	if (!description_fits(ASSIGNMENT_TABLE, asked->assignment, asked->key))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("stored answers of model \"%s\" are gone", asked->id)));
	LockRelationOid(asked->assignment, AccessShareLock);
	check_may_read_answers(asking, asked);
	check_policies(asking, asked);
	check_answer_types(asking, asked);
	answer_check_key(asked->assignment, asked->key);
}

/* an error where a rule of the one model cannot ask for segments of the other */
void
reference_check(const Model *asking, const Model *asked)
{
	check_same_customers(asking, asked);
	if (reference_reads_answers(asking, asked))
		check_answers(asking, asked);
	else
		check_may_evaluate(asking, asked);
}

/* the stored answer about the customer of a row of the source, as SQL: never NULL */
char *
reference_answer(const Model *asked)
{
	StringInfoData columns;
	ListCell   *cell;

	initStringInfo(&columns);
	foreach(cell, asked->key)
	{
		appendStringInfo(&columns, "%s%s", foreach_current_index(cell) > 0 ? ", " : "", quote_literal_cstr(lfirst(cell)));
	}
	return psprintf("segmentation_internal.stored_answer(%s::pg_catalog.regclass, ARRAY[%s]::pg_catalog.name[], %s)",
					quote_literal_cstr(relation_name(asked->assignment)), columns.data,
					key_column_list(asked->key, "source"));
}

/* whether that has the segment */
char *
reference_member(const Model *asked, const char *segment)
{
	return psprintf("%s OPERATOR(pg_catalog.@>) '{\"%s\"}'::%s.segment_id[]",
					reference_answer(asked), segment, types_schema());
}
