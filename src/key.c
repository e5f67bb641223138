/*
 * key.c: a customer's key, as functions take it: one text per column.
 *
 * A text means what it means in WHERE column = 'text', in the caller's session:
 * DateStyle, TimeZone and the like are the session's.  It is read as the type
 * of the column without the column's length, scale or domain, which would cut
 * or round it to the key of somebody else: a value that the column cannot have
 * is nobody's.  What is no value of the type at all is an error.
 */
#include "segmentation.h"

#include "access/htup_details.h"
#include "access/relation.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/resowner.h"
#include "utils/typcache.h"

#include "expression.h"
#include "key.h"
#include "relation.h"

static Form_pg_attribute
key_column(Relation rel, const char *name)
{
	AttrNumber	attnum = get_attnum(RelationGetRelid(rel), name);

	if (attnum <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("column \"%s\" of \"%s\" does not exist", name, RelationGetRelationName(rel))));
	return TupleDescAttr(RelationGetDescr(rel), attnum - 1);
}

static char *
column_names(const List *columns)
{
	StringInfoData buf;
	ListCell   *cell;

	initStringInfo(&buf);
	foreach(cell, columns)
		appendStringInfo(&buf, "%s%s", foreach_current_index(cell) > 0 ? ", " : "",
						 quote_identifier(lfirst(cell)));
	return buf.data;
}

static void
check_count(ArrayType *key, const List *columns, const char *whose)
{
	int			expected = list_length(columns);

	if (ARR_NDIM(key) != 1 || ARR_DIMS(key)[0] != expected || ARR_LBOUND(key)[0] != 1 ||
		array_contains_nulls(key))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg_plural("key of a customer in %s needs %d value, which is not null",
							   "key of a customer in %s needs %d values, none of them null",
							   expected, whose, expected),
				 errhint("Give one value for each of (%s).", column_names(columns))));
}

static void
raise_no_value(Form_pg_attribute attr, const char *text, const ErrorData *error)
{
	ereport(ERROR,
			(errcode(error->sqlerrcode),
			 errmsg("\"%s\" is no value of key column \"%s\", which has type %s", text, NameStr(attr->attname),
					format_type_with_typemod(attr->atttypid, attr->atttypmod)),
			 errdetail("The server says: %s.", error->message)));
}

static Datum
read_as(Form_pg_attribute attr, Oid type, char *text)
{
	MemoryContext context = CurrentMemoryContext;
	Oid			input;
	Oid			argument;
	Datum		result = 0;

	getTypeInputInfo(type, &input, &argument);
	PG_TRY();
	{
		result = OidInputFunctionCall(input, text, argument, -1);
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		if (ERRCODE_TO_CATEGORY(error->sqlerrcode) != ERRCODE_DATA_EXCEPTION &&
			ERRCODE_TO_CATEGORY(error->sqlerrcode) != ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION)
			PG_RE_THROW();
		FlushErrorState();
		raise_no_value(attr, text, error);
	}
	PG_END_TRY();
	return result;
}

/* reading itself would cut these to somebody else's */
static bool
is_cut_when_read(Oid type)
{
	return type == NAMEOID || type == CHAROID;
}

static void
read_value(KeyValues *read, Form_pg_attribute attr, Datum given)
{
	Oid			type = getBaseType(attr->atttypid);
	bool		as_text = is_cut_when_read(type);

	read->types[read->count] = as_text ? TEXTOID : type;
	read->values[read->count] = as_text ? given : read_as(attr, type, TextDatumGetCString(given));
	read->count++;
}

static KeyValues *
read_values(Relation rel, const List *columns, ArrayType *key)
{
	KeyValues  *read = palloc0(sizeof(KeyValues));
	Datum	   *texts;
	int			count;
	ListCell   *cell;

	deconstruct_array(key, TEXTOID, -1, false, TYPALIGN_INT, &texts, NULL, &count);
	foreach(cell, columns)
		read_value(read, key_column(rel, lfirst(cell)), texts[foreach_current_index(cell)]);
	return read;
}

/*
 * As the owner of the table: the types inside of arrays and composites may have
 * functions that check a value, and those are not for the caller to run.
 */
KeyValues *
key_read(Oid relid, const List *columns, ArrayType *key, const char *whose)
{
	Relation	rel = relation_open_existing(relid, AccessShareLock);
	KeyValues  *result;
	Oid			userid;
	int			sec_context;
	int			save_nestlevel;

	check_count(key, columns, whose);
	GetUserIdAndSecContext(&userid, &sec_context);
	SetUserIdAndSecContext(rel->rd_rel->relowner,
						   sec_context | SECURITY_LOCAL_USERID_CHANGE | SECURITY_RESTRICTED_OPERATION);
	save_nestlevel = expression_enter_safe_path();
	result = read_values(rel, columns, key);
	AtEOXact_GUC(false, save_nestlevel);
	SetUserIdAndSecContext(userid, sec_context);
	relation_close(rel, AccessShareLock);
	return result;
}

static bool
is_same_value(Form_pg_attribute attr, Oid type, Datum a, Datum b)
{
	TypeCacheEntry *entry = lookup_type_cache(type, TYPECACHE_EQ_OPR_FINFO);

	return DatumGetBool(FunctionCall2Coll(&entry->eq_opr_finfo, attr->attcollation, a, b));
}

static bool
are_same_values(Oid relid, const List *columns, const KeyValues *a, const KeyValues *b)
{
	Relation	rel = relation_open_existing(relid, AccessShareLock);
	bool		result = true;
	ListCell   *cell;

	foreach(cell, columns)
	{
		int			i = foreach_current_index(cell);

		result = result && is_same_value(key_column(rel, lfirst(cell)), a->types[i], a->values[i], b->values[i]);
	}
	relation_close(rel, AccessShareLock);
	return result;
}

/*
 * Whether texts that were kept say the same key.  The columns may have been of
 * other types when they were kept: what can be read no more is not the same.
 */
bool
key_is_same(Oid relid, const List *columns, const KeyValues *key, ArrayType *other)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	volatile bool result = false;

	if (ARR_NDIM(other) != 1 || ARR_DIMS(other)[0] != key->count || array_contains_nulls(other))
		return false;
	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		result = are_same_values(relid, columns, key, key_read(relid, columns, other, ""));
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		int			code = geterrcode();

		if (ERRCODE_TO_CATEGORY(code) != ERRCODE_DATA_EXCEPTION &&
			ERRCODE_TO_CATEGORY(code) != ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION)
			PG_RE_THROW();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;
	return result;
}

/* a column as what its values are compared as: for a domain over an enum the server finds no operator */
char *
key_operand(Oid type, const char *alias, const char *quoted_name)
{
	Oid			base = getBaseType(type);

	if (base == type)
		return psprintf("%s.%s", alias, quoted_name);
	return psprintf("%s.%s::%s", alias, quoted_name,
					format_type_extended(base, -1, FORMAT_TYPE_TYPEMOD_GIVEN | FORMAT_TYPE_FORCE_QUALIFY));
}

/* the columns of a relation equal the values, from parameter first on */
char *
key_condition(Oid relid, const List *columns, const char *alias, int first)
{
	Relation	rel = relation_open_existing(relid, AccessShareLock);
	StringInfoData buf;
	ListCell   *cell;

	initStringInfo(&buf);
	foreach(cell, columns)
	{
		Form_pg_attribute attr = key_column(rel, lfirst(cell));
		TypeCacheEntry *type = lookup_type_cache(attr->atttypid, TYPECACHE_EQ_OPR);
		int			i = foreach_current_index(cell);

		appendStringInfo(&buf, "%s%s %s $%d", i > 0 ? " AND " : "",
						 key_operand(attr->atttypid, alias, quote_identifier(NameStr(attr->attname))),
						 expression_operator(type->eq_opr), first + i);
	}
	relation_close(rel, AccessShareLock);
	return buf.data;
}

/* "a.id, a.tenant" or, without alias, "id, tenant" */
char *
key_column_list(const List *key, const char *alias)
{
	StringInfoData buf;
	ListCell   *cell;

	initStringInfo(&buf);
	foreach(cell, key)
		appendStringInfo(&buf, "%s%s%s%s", foreach_current_index(cell) > 0 ? ", " : "",
						 alias ? alias : "", alias ? "." : "", quote_identifier(lfirst(cell)));
	return buf.data;
}
