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
#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/typcache.h"

#include "expression.h"
#include "key.h"
#include "owner.h"
#include "relation.h"
#include "trial.h"

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
				 errhint("Give one value for each of (%s).", key_column_list(columns, NULL))));
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

/* as what an error says that is raised where a text is read */
static bool
is_no_value(int code)
{
	return ERRCODE_TO_CATEGORY(code) == ERRCODE_DATA_EXCEPTION ||
		ERRCODE_TO_CATEGORY(code) == ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION;
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
		if (!is_no_value(error->sqlerrcode))
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
	{
		read_value(read, relation_column(rel, lfirst(cell)), texts[foreach_current_index(cell)]);
	}
	return read;
}

typedef struct OwnersContext
{
	CallingUser self;
	int			nestlevel;
} OwnersContext;

/*
 * As the owner of the table: the types inside of arrays and composites may have
 * functions that check a value, and those are not for the caller to run.
 */
static void
enter_as_owner(Relation rel, OwnersContext *saved)
{
	saved->self = become_restricted(rel->rd_rel->relowner);
	saved->nestlevel = expression_enter_safe_path();
}

static void
leave_as_owner(const OwnersContext *saved)
{
	AtEOXact_GUC(false, saved->nestlevel);
	become_self(saved->self);
}

KeyValues *
key_read(Oid relid, const List *columns, ArrayType *key, const char *whose)
{
	Relation	rel = relation_open_existing(relid, AccessShareLock);
	KeyValues  *result;
	OwnersContext saved;

	check_count(key, columns, whose);
	enter_as_owner(rel, &saved);
	result = read_values(rel, columns, key);
	leave_as_owner(&saved);
	relation_close(rel, AccessShareLock);
	return result;
}

static bool
is_same_value(Form_pg_attribute attr, Oid type, Datum a, Datum b)
{
	TypeCacheEntry *entry = lookup_type_cache(type, TYPECACHE_EQ_OPR_FINFO);

	return DatumGetBool(FunctionCall2Coll(&entry->eq_opr_finfo, attr->attcollation, a, b));
}

/* which of many keys, kept as texts, are the same as one */
typedef struct Comparison
{
	Oid			relid;
	const List *columns;
	const KeyValues *key;
	const List *kept;			/* ArrayType * */
	int			next;			/* of these */
	List	   *same;			/* ArrayType * */
	MemoryContext context;		/* of what is read of one */
} Comparison;

static bool
is_same_key(const Comparison *comparison, Relation rel, ArrayType *kept)
{
	const KeyValues *key = comparison->key;
	KeyValues  *read;
	ListCell   *cell;

	if (ARR_NDIM(kept) != 1 || ARR_DIMS(kept)[0] != key->count || array_contains_nulls(kept))
		return false;
	read = read_values(rel, comparison->columns, kept);
	foreach(cell, comparison->columns)
	{
		int			i = foreach_current_index(cell);

		if (!is_same_value(relation_column(rel, lfirst(cell)), key->types[i], key->values[i], read->values[i]))
			return false;
	}
	return true;
}

/* from the next one on, until one cannot be read */
static void
compare_keys(void *arg)
{
	Comparison *comparison = arg;
	MemoryContext context = CurrentMemoryContext;
	Relation	rel = relation_open_existing(comparison->relid, AccessShareLock);
	OwnersContext saved;

	enter_as_owner(rel, &saved);
	while (comparison->next < list_length(comparison->kept))
	{
		ArrayType  *kept = list_nth(comparison->kept, comparison->next++);
		bool		same;

		CHECK_FOR_INTERRUPTS();
		MemoryContextReset(comparison->context);
		MemoryContextSwitchTo(comparison->context);
		same = is_same_key(comparison, rel, kept);
		MemoryContextSwitchTo(context);
		if (same)
			comparison->same = lappend(comparison->same, kept);
	}
	leave_as_owner(&saved);
	relation_close(rel, AccessShareLock);
}

/*
 * Those of the kept texts that say the same key.  The columns may have been of
 * other types when they were kept: what can be read no more is not the same, and
 * costs a subtransaction.
 */
List *
key_find_same(Oid relid, const List *columns, const KeyValues *key, const List *kept)
{
	Comparison	comparison = {.relid = relid, .columns = columns, .key = key, .kept = kept};

	comparison.context = AllocSetContextCreate(CurrentMemoryContext, "kept key", ALLOCSET_SMALL_SIZES);
	while (comparison.next < list_length(kept))
	{
		ErrorData  *error = trial_run(compare_keys, &comparison, true);

		if (error && !is_no_value(error->sqlerrcode))
			ReThrowError(error);
	}
	MemoryContextDelete(comparison.context);
	return comparison.same;
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
		Form_pg_attribute attr = relation_column(rel, lfirst(cell));
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
	{
		appendStringInfo(&buf, "%s%s%s%s", foreach_current_index(cell) > 0 ? ", " : "",
						 alias ? alias : "", alias ? "." : "", quote_identifier(lfirst(cell)));
	}
	return buf.data;
}

/* "a.id::text, a.tenant::text" */
char *
key_text_list(const List *key, const char *alias)
{
	StringInfoData buf;
	ListCell   *cell;

	initStringInfo(&buf);
	foreach(cell, key)
	{
		appendStringInfo(&buf, "%s%s.%s::pg_catalog.text", foreach_current_index(cell) > 0 ? ", " : "",
						 alias, quote_identifier(lfirst(cell)));
	}
	return buf.data;
}
