/*
 * source.c: what a model needs of its source: a row per customer, and columns
 * that identify one.
 */
#include "segmentation.h"

#include "access/relation.h"
#include "catalog/pg_am.h"
#include "catalog/pg_inherits.h"
#include "commands/defrem.h"
#include "miscadmin.h"
#include "parser/parse_coerce.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/ruleutils.h"
#include "utils/syscache.h"

#include "names.h"
#include "model/source.h"
#include "rule/rule.h"

static void
check_kind(Relation rel)
{
	rule_check_source(rel);
	if (rel->rd_rel->relpersistence == RELPERSISTENCE_TEMP)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TABLE_DEFINITION),
				 errmsg("source of a model cannot be temporary: \"%s\"", RelationGetRelationName(rel)),
				 errdetail("Other sessions could not refresh the model.")));
}

/* a right to some column is enough to begin with; each refresh asks again */
static void
check_readable(Relation rel)
{
	Oid			relid = RelationGetRelid(rel);

	if (!relation_grants_some(relid, GetUserId(), ACL_SELECT))
		aclcheck_error(ACLCHECK_NO_PRIV, get_relkind_objtype(rel->rd_rel->relkind),
					   RelationGetRelationName(rel));
}

void
source_check(Oid source)
{
	Relation	rel = relation_open_existing(source, AccessShareLock);

	check_kind(rel);
	check_readable(rel);
	relation_close(rel, AccessShareLock);
}

static void
check_key_name(const char *name, const List *before)
{
	if (names_contain(before, name))
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_COLUMN),
				 errmsg("column \"%s\" appears twice in the key", name)));
	if (strncmp(name, "segmentation_", strlen("segmentation_")) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_COLUMN),
				 errmsg("key column cannot be called \"%s\"", name),
				 errdetail("A refresh has columns of its own whose names begin so."),
				 errhint("Use a view as the source that gives it another name.")));
	if (description_uses_name(name))
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_COLUMN),
				 errmsg("key column cannot be called \"%s\"", name),
				 errdetail("The tables and views of a model have a column of that name themselves."),
				 errhint("Use a view as the source that gives it another name.")));
}

static void
check_key_type(Form_pg_attribute attr)
{
	if (!OidIsValid(GetDefaultOpClass(attr->atttypid, BTREE_AM_OID)))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("key column \"%s\" has type %s, which has no order",
						NameStr(attr->attname), format_type_be(attr->atttypid)),
				 errdetail("A key needs a type with a default operator class for btree.")));
}

/* empty where it is the type's own */
static char *
collate_text(Form_pg_attribute attr)
{
	if (!OidIsValid(attr->attcollation) || attr->attcollation == get_typcollation(attr->atttypid))
		return "";
	return psprintf(" COLLATE %s", generate_collation_name(attr->attcollation));
}

static KeyColumn *
source_key_column(Form_pg_attribute attr)
{
	KeyColumn  *column = palloc0(sizeof(KeyColumn));

	column->name = pstrdup(NameStr(attr->attname));
	column->type = attr->atttypid;
	column->typmod = attr->atttypmod;
	column->collation = attr->attcollation;
	column->type_text = format_type_extended(attr->atttypid, attr->atttypmod,
											 FORMAT_TYPE_TYPEMOD_GIVEN | FORMAT_TYPE_FORCE_QUALIFY);
	column->collate_text = collate_text(attr);
	return column;
}

/* the key's columns of a source, or of a table of ours that has them too */
List *
source_key(Oid source, const List *names)
{
	Relation	rel = relation_open_existing(source, AccessShareLock);
	List	   *before = NIL;
	List	   *columns = NIL;
	ListCell   *cell;

	foreach(cell, names)
	{
		Form_pg_attribute attr = relation_column(rel, lfirst(cell));

		check_key_name(lfirst(cell), before);
		check_key_type(attr);
		before = lappend(before, lfirst(cell));
		columns = lappend(columns, source_key_column(attr));
	}
	relation_close(rel, AccessShareLock);
	return columns;
}

/* a text that is too long is an error where it is stored, a number or moment is rounded */
static bool
is_rounded(const KeyColumn *column, const KeyColumn *stored)
{
	int32		typmod = column->typmod;
	int32		stored_typmod = stored->typmod;
	Oid			type = getBaseTypeAndTypmod(stored->type, &stored_typmod);
	Oid			element = get_base_element_type(type);
	TYPCATEGORY category = TypeCategory(OidIsValid(element) ? getBaseType(element) : type);

	(void) getBaseTypeAndTypmod(column->type, &typmod);
	return stored_typmod >= 0 && stored_typmod != typmod &&
		category != TYPCATEGORY_STRING && category != TYPCATEGORY_BITSTRING;
}

/* whether a column of ours keeps the values of one of the source, and tells the same ones apart */
bool
source_key_keeps_values(const KeyColumn *column, const KeyColumn *stored)
{
	return IsBinaryCoercible(getBaseType(column->type), getBaseType(stored->type)) &&
		!is_rounded(column, stored) &&
		(column->collation == stored->collation ||
		 !OidIsValid(column->collation) || !OidIsValid(stored->collation));
}

/* for messages */
char *
source_key_type(const KeyColumn *column)
{
	return psprintf("%s%s", format_type_with_typemod(column->type, column->typmod), column->collate_text);
}

/* whether each column of an index is one of the key's */
static bool
index_covers(Relation rel, Form_pg_index index, const List *names)
{
	for (int i = 0; i < index->indnkeyatts; i++)
	{
		AttrNumber	attnum = index->indkey.values[i];

		if (attnum <= 0 ||
			!names_contain(names, NameStr(TupleDescAttr(RelationGetDescr(rel), attnum - 1)->attname)))
			return false;
	}
	return true;
}

static bool
is_unique_index(Relation rel, Oid index_oid, const List *names)
{
	HeapTuple	tuple = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(index_oid));
	Form_pg_index index;
	bool		result;

	if (!HeapTupleIsValid(tuple))
		return false;
	index = (Form_pg_index) GETSTRUCT(tuple);
	result = index->indisunique && index->indimmediate && index->indisvalid &&
		heap_attisnull(tuple, Anum_pg_index_indpred, NULL) &&
		index_covers(rel, index, names);
	ReleaseSysCache(tuple);
	return result;
}

static bool
has_unique_index(Relation rel, const List *names)
{
	ListCell   *cell;

	foreach(cell, RelationGetIndexList(rel))
	{
		if (is_unique_index(rel, lfirst_oid(cell), names))
			return true;
	}
	return false;
}

/* whether an index keeps every key to one row; the children of a plain table have indexes of their own */
bool
source_is_unique(Oid source, const List *names)
{
	Relation	rel = relation_open_existing(source, AccessShareLock);
	bool		result = has_unique_index(rel, names) &&
	!(rel->rd_rel->relkind == RELKIND_RELATION && has_subclass(source));

	relation_close(rel, AccessShareLock);
	return result;
}

/* of a view nobody can know; of a table it is worth saying */
void
source_notice_duplicates(Oid source, const List *names)
{
	char		relkind = get_rel_relkind(source);

	if ((relkind == RELKIND_RELATION || relkind == RELKIND_MATVIEW ||
		 relkind == RELKIND_PARTITIONED_TABLE) && !source_is_unique(source, names))
		ereport(NOTICE,
				(errmsg("no unique index keeps the model's key unique in \"%s\"", get_rel_name(source)),
				 errhint("Rows of the same key, or without one, will be an error at refresh.")));
}

/* a segment_id, or what can be read as one */
void
source_check_segment_column(Oid source, const char *name)
{
	Relation	rel = relation_open_existing(source, AccessShareLock);
	Oid			type = getBaseType(relation_column(rel, name)->atttypid);
	char		category;
	bool		is_preferred;

	get_type_category_preferred(type, &category, &is_preferred);
	if (type != segment_id_type() &&
		category != TYPCATEGORY_STRING && category != TYPCATEGORY_ENUM)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("segment column \"%s\" has type %s", name, format_type_be(type)),
				 errhint("A segment column is of type segment_id, text or an enum.")));
	relation_close(rel, AccessShareLock);
}
