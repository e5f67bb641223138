/*
 * relation_reference.c: a type for a relation that the catalogue refers to.
 *
 * regclass alone would not do.  It cannot be read in where there is no such
 * relation, so that a dump would restore no model at all if one of them has lost
 * its source; and it knows no name, so that nobody could see that a loader has
 * swapped the table for another.  So we keep the oid, which follows a rename, and
 * beside it the name that the relation had when it was chosen.
 *
 * As text it is the name of the relation now.  Where another relation has the
 * name of then, that follows in parentheses; where the relation is gone, only
 * the name of then is there, in parentheses, and is looked up nowhere.
 */
#include "segmentation.h"

#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "lib/stringinfo.h"
#include "libpq/pqformat.h"
#include "parser/scansup.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/varlena.h"

#include "model/model.h"
#include "model/relation_reference.h"

static RelationReference *
reference_make(Oid relid, bool lost, const char *name)
{
	Size		size = offsetof(RelationReference, name) + strlen(name) + 1;
	RelationReference *reference = palloc0(size);

	SET_VARSIZE(reference, size);
	reference->relid = relid;
	reference->lost = lost;
	strcpy(reference->name, name);
	return reference;
}

/* whether the text is a name, with its schema or without; schema is NULL without */
static bool
name_split(const char *text, char **schema, char **name)
{
	List	   *parts;

	if (!SplitIdentifierString(pstrdup(text), '.', &parts) ||
		parts == NIL || list_length(parts) > 2)
		return false;
	*schema = list_length(parts) == 2 ? linitial(parts) : NULL;
	*name = llast(parts);
	return true;
}

/* without asking for rights: a name that cannot be looked up must not stop a restore */
static Oid
name_find(const char *schema, const char *name)
{
	Oid			namespace;

	if (schema == NULL)
		return RelnameGetRelid(name);
	namespace = get_namespace_oid(schema, true);
	return OidIsValid(namespace) ? get_relname_relid(name, namespace) : InvalidOid;
}

/* the relation, wherever it is now; InvalidOid if it is gone or was never found */
Oid
reference_relation(const RelationReference *reference)
{
	return OidIsValid(relation_owner(reference->relid)) ? reference->relid : InvalidOid;
}

/* whether its relation was not there when it was read in, and may have come since */
bool
reference_waits(const RelationReference *reference)
{
	return !OidIsValid(reference->relid) && !reference->lost;
}

/* another table or view that has the name now; InvalidOid: none */
Oid
reference_namesake(const RelationReference *reference)
{
	char	   *schema;
	char	   *name;
	Oid			relid;
	char		kind;

	/* a name without its schema is never looked up: that would be another for everybody */
	if (!name_split(reference->name, &schema, &name) || schema == NULL)
		return InvalidOid;
	relid = name_find(schema, name);
	kind = OidIsValid(relid) ? get_rel_relkind(relid) : '\0';
	if (relid == reference->relid || kind == RELKIND_INDEX || kind == RELKIND_PARTITIONED_INDEX ||
		kind == RELKIND_SEQUENCE || kind == RELKIND_COMPOSITE_TYPE)
		return InvalidOid;
	return relid;
}

/* where the parentheses of the text begin, outside of quotes; NULL: nowhere */
static char *
find_parenthesis(char *text)
{
	bool		quoted = false;

	for (char *at = text; *at; at++)
	{
		if (*at == '"')
			quoted = !quoted;
		else if (*at == '(' && !quoted)
			return at;
	}
	return NULL;
}

/* text without the parentheses at its end, and what was in them; false: they do not close */
static bool
split_parentheses(char *text, char **inside)
{
	char	   *open = find_parenthesis(text);
	char	   *last;

	*inside = NULL;
	if (open == NULL)
		return true;
	last = open + strlen(open) - 1;
	while (last > open && scanner_isspace(*last))
		last--;
	if (*last != ')')
		return false;
	*open = *last = '\0';
	*inside = open + 1;
	return true;
}

static bool
is_blank_reference(const char *text)
{
	return strspn(text, " \t\n\r\f\v") == strlen(text);
}

/* NULL: not the text of one */
static RelationReference *
reference_parse(const char *input)
{
	char	   *now = pstrdup(input);
	char	   *then;
	char	   *schema;
	char	   *name;
	Oid			relid;

	if (!split_parentheses(now, &then))
		return NULL;
	if (then)
	{
		if (!name_split(then, &schema, &name))
			return NULL;
		then = quote_qualified_identifier(schema, name);
		if (is_blank_reference(now))
			return reference_make(InvalidOid, true, then);
	}
	if (!name_split(now, &schema, &name))
		return NULL;
	relid = name_find(schema, name);
	return reference_make(relid, false,
						  !OidIsValid(relid) ? quote_qualified_identifier(schema, name) :
						  then ? then : relation_name(relid));
}

static char *
reference_print(const RelationReference *reference)
{
	Oid			relid = reference_relation(reference);
	char	   *schema;
	char	   *name;

	if (!OidIsValid(relid))
		return reference_waits(reference) ? pstrdup(reference->name) :
			psprintf("(%s)", reference->name);
	schema = RelationIsVisible(relid) ? NULL : get_namespace_name(get_rel_namespace(relid));
	name = quote_qualified_identifier(schema, get_rel_name(relid));
	return OidIsValid(reference_namesake(reference)) ?
		psprintf("%s (%s)", name, reference->name) : name;
}

PG_FUNCTION_INFO_V1(relation_reference_in);
Datum
relation_reference_in(PG_FUNCTION_ARGS)
{
	char	   *input = PG_GETARG_CSTRING(0);
	RelationReference *reference = reference_parse(input);

	if (reference == NULL)
		ereturn(fcinfo->context, (Datum) 0,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("invalid input syntax for type %s: \"%s\"", "relation_reference", input),
				 errdetail("It is the name of a table or view, or that in parentheses if it is gone.")));
	PG_RETURN_POINTER(reference);
}

PG_FUNCTION_INFO_V1(relation_reference_out);
Datum
relation_reference_out(PG_FUNCTION_ARGS)
{
	PG_RETURN_CSTRING(reference_print(DatumGetRelationReference(PG_GETARG_DATUM(0))));
}

/* its text: an oid would mean something else elsewhere */
PG_FUNCTION_INFO_V1(relation_reference_recv);
Datum
relation_reference_recv(PG_FUNCTION_ARGS)
{
	StringInfo	buf = (StringInfo) PG_GETARG_POINTER(0);
	int			length;
	char	   *text = pq_getmsgtext(buf, buf->len - buf->cursor, &length);
	RelationReference *reference = reference_parse(text);

	if (reference == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("invalid binary value of type %s", "relation_reference")));
	PG_RETURN_POINTER(reference);
}

PG_FUNCTION_INFO_V1(relation_reference_send);
Datum
relation_reference_send(PG_FUNCTION_ARGS)
{
	char	   *text = reference_print(DatumGetRelationReference(PG_GETARG_DATUM(0)));
	StringInfoData buf;

	pq_begintypsend(&buf);
	pq_sendtext(&buf, text, strlen(text));
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

PG_FUNCTION_INFO_V1(relation_reference_from_oid);
Datum
relation_reference_from_oid(PG_FUNCTION_ARGS)
{
	Oid			relid = PG_GETARG_OID(0);

	if (!OidIsValid(relid))
		PG_RETURN_NULL();
	relation_require(relid);
	PG_RETURN_POINTER(reference_make(relid, false, relation_name(relid)));
}

/* NULL where there is no such relation */
PG_FUNCTION_INFO_V1(relation_reference_to_oid);
Datum
relation_reference_to_oid(PG_FUNCTION_ARGS)
{
	Oid			relid = reference_relation(DatumGetRelationReference(PG_GETARG_DATUM(0)));

	if (!OidIsValid(relid))
		PG_RETURN_NULL();
	PG_RETURN_OID(relid);
}
