/*
 * catalogue_key.c: foreign keys from tables of others to the catalogue.
 *
 * The right to REFERENCES would be too much: the server runs the check of a
 * foreign key as the owner of the table that is referred to, and with it any
 * cast from the referring column's type.  Here the key is added as that owner
 * and only between columns of the same types, where nothing is cast.
 */
#include "segmentation.h"

#include "access/relation.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "argument.h"
#include "expression.h"
#include "key.h"
#include "names.h"
#include "owner.h"
#include "refusal.h"
#include "relation.h"
#include "model/model.h"

/* what may be referred to, and the columns of its primary key */
typedef struct ReferredTable
{
	const char *name;
	int			ncolumns;
	const char *columns[2];
	const char *column_list;
	const char *constraint;
} ReferredTable;

static const ReferredTable tables[] = {
	{"market", 1, {"id"}, "id", "segmentation_lock_market"},
	{"offer", 2, {"market", "code"}, "market, code", "segmentation_lock_offer"}
};

static Oid
catalogue_table(const ReferredTable *table)
{
	return get_relname_relid(table->name, get_namespace_oid("segmentation", false));
}

static const ReferredTable *
find_referred(Oid relid)
{
	for (size_t i = 0; i < lengthof(tables); i++)
		if (catalogue_table(&tables[i]) == relid)
			return &tables[i];
	ereport(ERROR,
			(errcode(ERRCODE_WRONG_OBJECT_TYPE),
			 errmsg("a key to the catalogue is one to segmentation.market or segmentation.offer")));
	return NULL;
}

static void
check_referring(Oid relid)
{
	relation_require(relid);
	if (get_rel_relkind(relid) != RELKIND_RELATION && get_rel_relkind(relid) != RELKIND_PARTITIONED_TABLE)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s\" is not a table", get_rel_name(relid))));
	if (!has_privs_of_role(GetUserId(), relation_owner(relid)))
		aclcheck_error(ACLCHECK_NOT_OWNER, OBJECT_TABLE, get_rel_name(relid));
}

/* a domain's values are of its base type: nothing is cast */
static void
check_catalogue_column(Relation rel, const char *name, Oid referred, const char *referred_name)
{
	Oid			type = relation_column(rel, name)->atttypid;
	Oid			wanted = get_atttype(referred, get_attnum(referred, referred_name));

	if (getBaseType(type) != wanted)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" of table \"%s\" cannot refer to column \"%s\" of segmentation.%s",
						name, RelationGetRelationName(rel), referred_name, get_rel_name(referred)),
				 errdetail("It is of type %s, not %s, and a cast would run with the rights of the catalogue's owner.",
						   format_type_be(type), format_type_be(wanted)),
				 errhint("Change the type: ALTER TABLE %s ALTER COLUMN %s TYPE %s;", relation_name(RelationGetRelid(rel)),
						 quote_identifier(name), format_type_be_qualified(wanted))));
}

/* the names, quoted, with commas between */
static char *
check_catalogue_columns(Oid relid, ArrayType *array, Oid referred, const ReferredTable *table)
{
	Relation	rel = relation_open_existing(relid, NoLock);
	List	   *names = names_from_array(array, "columns");
	ListCell   *cell;

	if (list_length(names) != table->ncolumns)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a key to segmentation.%s has the columns (%s)", table->name, table->column_list),
				 errhint("Name as many columns of your table, in that order.")));
	foreach(cell, names)
	{
		check_catalogue_column(rel, lfirst(cell), referred, table->columns[foreach_current_index(cell)]);
	}
	relation_close(rel, NoLock);
	return key_column_list(names, NULL);
}

/*
 * To add the key to a partitioned table, which the server does only together
 * with its check, is to read the partitions as the catalogue's owner.  They are
 * locked first: nothing more comes on them.
 */
static void
check_reading_runs_no_code(Oid relid, Oid reader)
{
	char	   *found;

	(void) find_all_inheritors(relid, ShareRowExclusiveLock, NULL);
	catalogue_run("SELECT segmentation_internal.foreign_code($1, $2)", 2, OIDS(OIDOID, OIDOID),
				  DATUMS(ObjectIdGetDatum(relid), ObjectIdGetDatum(reader)), NULL);
	found = catalogue_get(0, 1);
	if (found)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("partitioned table \"%s\" would have its owner's code run", get_rel_name(relid)),
				 errdetail("It has %s, and the server checks the rows of a partitioned table at once, as who adds the key.", found),
				 errhint("Let the owner of the extension add the foreign key, if that one trusts the function.")));
}

/* in a security-restricted operation */
static void
execute_as(Oid role, const char *statement)
{
	CallingUser self = become_restricted(role);
	int			save_nestlevel = expression_enter_safe_path();

	if (execute_untold(statement, 0, NULL, NULL, NULL, false, 0) < 0)
		elog(ERROR, "could not execute \"%s\"", statement);
	AtEOXact_GUC(false, save_nestlevel);
	become_self(self);
}

/* rows that are there are checked as the table's owner, whose indexes and constraints that reads */
static void
add_key(Oid relid, const char *columns, const ReferredTable *table)
{
	Oid			catalogue_owner = relation_owner(catalogue_table(table));
	bool		at_once = get_rel_relkind(relid) == RELKIND_PARTITIONED_TABLE;

	if (at_once)
		check_reading_runs_no_code(relid, catalogue_owner);
	execute_as(catalogue_owner,
			   psprintf("ALTER TABLE %s ADD CONSTRAINT %s FOREIGN KEY (%s) REFERENCES segmentation.%s (%s)%s",
						relation_name(relid), table->constraint, columns, table->name, table->column_list,
						at_once ? "" : " NOT VALID"));
	if (!at_once)
		execute_as(relation_owner(relid),
				   psprintf("ALTER TABLE %s VALIDATE CONSTRAINT %s", relation_name(relid), table->constraint));
}

/* add_catalogue_key(referencing, columns, referenced) */
PG_FUNCTION_INFO_V1(add_catalogue_key);
Datum
add_catalogue_key(PG_FUNCTION_ARGS)
{
	static const char *const names[] = {"referencing", "columns", "referenced"};
	const ReferredTable *table;
	Oid			relid;
	char	   *columns;

	for (int i = 0; i < PG_NARGS(); i++)
		argument_require(fcinfo, i, names[i]);
	relid = PG_GETARG_OID(0);
	table = find_referred(PG_GETARG_OID(2));
	check_referring(relid);
	LockRelationOid(relid, ShareRowExclusiveLock);
	check_referring(relid);
	columns = check_catalogue_columns(relid, PG_GETARG_ARRAYTYPE_P(1), PG_GETARG_OID(2), table);
	SPI_connect();
	add_key(relid, columns, table);
	SPI_finish();
	PG_RETURN_VOID();
}
