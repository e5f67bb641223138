/*
 * market_customers.c: whether a market has customers, whoever asks.
 *
 * Customers refer to their market by a foreign key.  Who changes markets need not
 * be allowed to read those tables, nor must row security hide a customer: each is
 * read as its owner, as the foreign key itself does.
 */
#include "segmentation.h"

#include "catalog/namespace.h"
#include "catalog/pg_constraint.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "expression.h"
#include "owner.h"
#include "refusal.h"
#include "relation.h"

/* a table that refers to markets, and how */
typedef struct Reference
{
	Oid			customers;
	Oid			owner;
	char	   *name;
	char	   *column;
	char	   *equals;			/* market's id = column */
} Reference;

/* what somebody else's table has is said to who may change markets */
static void
check_privilege(Oid markets)
{
	if (!relation_grants_some(markets, GetUserId(), ACL_UPDATE))
		aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_TABLE, "market");
}

static void
read_columns(HeapTuple tuple, Oid markets, Reference *reference)
{
	AttrNumber	id = get_attnum(markets, "id");
	AttrNumber	columns[INDEX_MAX_KEYS];
	AttrNumber	keys[INDEX_MAX_KEYS];
	Oid			equals[INDEX_MAX_KEYS];
	int			nkeys;

	DeconstructFkConstraintRow(tuple, &nkeys, columns, keys, equals, NULL, NULL, NULL, NULL);
	for (int i = 0; i < nkeys; i++)
		if (keys[i] == id)
		{
			reference->column = get_attname(reference->customers, columns[i], false);
			reference->equals = expression_operator(equals[i]);
		}
}

static Reference
reference_of(Oid constraint, Oid markets)
{
	HeapTuple	tuple = SearchSysCache1(CONSTROID, ObjectIdGetDatum(constraint));
	Form_pg_constraint form;
	Reference	result = {0};

	if (HeapTupleIsValid(tuple))
	{
		form = (Form_pg_constraint) GETSTRUCT(tuple);
		if (form->contype == CONSTRAINT_FOREIGN && form->confrelid == markets)
		{
			result.customers = form->conrelid;
			result.owner = relation_owner(form->conrelid);
			result.name = relation_name(form->conrelid);
			read_columns(tuple, markets, &result);
		}
		ReleaseSysCache(tuple);
	}
	if (result.column == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("constraint with OID %u is no foreign key to markets", constraint)));
	return result;
}

static char *
customers_query(const Reference *reference)
{
	return psprintf("SELECT 1 FROM %s c WHERE $1 %s c.%s LIMIT 1",
					reference->name, reference->equals, quote_identifier(reference->column));
}

static bool
has_customers(const Reference *reference, Oid type, Datum id)
{
	CallingUser self = become_owner(reference->owner);
	int			save_nestlevel = expression_enter_safe_path();
	bool		result;

	restrict_operation();
	if (execute_untold(customers_query(reference), 1, &type, &id, NULL, false, 1) != SPI_OK_SELECT)
		elog(ERROR, "could not look for customers of a market");
	result = SPI_processed > 0;
	AtEOXact_GUC(false, save_nestlevel);
	become_self(self);
	return result;
}

/* market_has_customers(foreign key, id): whether its table has any in the market */
PG_FUNCTION_INFO_V1(market_has_customers);
Datum
market_has_customers(PG_FUNCTION_ARGS)
{
	Oid			markets = get_relname_relid("market", get_namespace_oid("segmentation", false));
	Reference	reference;
	bool		result;

	check_privilege(markets);
	reference = reference_of(PG_GETARG_OID(0), markets);
	SPI_connect();
	result = has_customers(&reference, get_fn_expr_argtype(fcinfo->flinfo, 1), PG_GETARG_DATUM(1));
	SPI_finish();
	PG_RETURN_BOOL(result);
}
