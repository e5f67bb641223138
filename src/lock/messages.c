/*
 * messages.c: what errors of the lock say of customers.
 */
#include "segmentation.h"

#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "names.h"
#include "relation.h"
#include "lock/lock.h"

/* as foreign keys say it: "(tenant_id, id)=(1, 42)" */
char *
lock_key_text(const LockDefinition *def, const char *values)
{
	return psprintf("(%s)=(%s)", names_join(def->customer_key, ", "), values);
}

/* of a customer that was locked by hand there may be none */
char *
lock_segment_text(const char *segment)
{
	return segment ? psprintf("segment \"%s\"", segment) : pstrdup("no segment");
}

/* the call that moves a customer; of the reason no more is known than what is asked for */
char *
lock_move_call(const LockDefinition *def, const char *key, const char *to_segment)
{
	return psprintf("SELECT segmentation.move_customer(%s, %s, %s, reason => %s);",
					quote_literal_cstr(def->customers), quote_literal_cstr(key), quote_literal_cstr(to_segment),
					quote_literal_cstr(psprintf("asks for segment %s", to_segment)));
}

static char *
slot_column_text(Relation rel, const char *quoted_name, TupleTableSlot *slot)
{
	AttrNumber	attnum = lock_known_column(rel, quoted_name);
	bool		isnull;
	Datum		value;
	Oid			output;
	bool		is_varlena;

	value = slot_getattr(slot, attnum, &isnull);
	if (isnull)
		return NULL;
	getTypeOutputInfo(TupleDescAttr(RelationGetDescr(rel), attnum - 1)->atttypid,
					  &output, &is_varlena);
	return OidOutputFunctionCall(output, value);
}

/* strings, or NULLs, as the text of a text[] */
char *
lock_array_text(const List *values)
{
	ArrayBuildState *array = initArrayResult(TEXTOID, CurrentMemoryContext, false);
	ListCell   *cell;

	foreach(cell, values)
	{
		char	   *value = lfirst(cell);

		array = accumArrayResult(array, value ? CStringGetTextDatum(value) : (Datum) 0,
								 value == NULL, TEXTOID, CurrentMemoryContext);
	}
	return OidOutputFunctionCall(F_ARRAY_OUT, makeArrayResult(array, CurrentMemoryContext));
}

/* the values of a row's columns, as functions take a key */
char *
lock_key_array(Relation rel, const List *columns, TupleTableSlot *slot)
{
	List	   *values = NIL;
	ListCell   *cell;

	foreach(cell, columns)
	{
		values = lappend(values, slot_column_text(rel, lfirst(cell), slot));
	}
	return lock_array_text(values);
}

/* the same, for lock_key_text */
char *
lock_key_values(Relation rel, const List *columns, TupleTableSlot *slot)
{
	List	   *values = NIL;
	ListCell   *cell;

	foreach(cell, columns)
	{
		char	   *text = slot_column_text(rel, lfirst(cell), slot);

		values = lappend(values, text ? text : "null");
	}
	return names_join(values, ", ");
}

void
lock_raise_no_market(Relation rel, const char *segment)
{
	ereport(ERROR,
			(errcode(ERRCODE_FOREIGN_KEY_VIOLATION),
			 errmsg("segment \"%s\" is not a market", segment),
			 errdetail("Key (id)=(%s) is not present in table \"" LOCK_MARKETS "\".", segment),
			 errhint("Make it with segmentation.create_market, or name one that is there."),
			 errtableconstraint(rel, LOCK_CONSTRAINT_MARKET)));
}

/* the way out where a market is not active */
int
lock_errhint_closed(const char *market, const char *status)
{
	if (strcmp(status, "retired") == 0)
		return errhint("A retired market is over for ever; choose another one.");
	return errhint("Let it sell: SELECT segmentation.activate_market(%s); or choose another market.",
				   quote_literal_cstr(market));
}

/* the statement that gives a column the type of another one */
int
lock_errhint_type(Relation rel, const char *quoted_name, Oid type)
{
	const char *name = format_type_be_qualified(type);

	return errhint("Change the type: ALTER TABLE %s ALTER COLUMN %s TYPE %s USING %s::pg_catalog.text::%s;",
				   relation_name(RelationGetRelid(rel)), quoted_name, name, quoted_name, name);
}

void
lock_raise_trigger_misuse(const char *function)
{
	ereport(ERROR,
			(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
			 errmsg("function \"%s\" was not called as the trigger that it is made for", function),
			 errhint("Triggers of a lock are created by segmentation.install_lock.")));
}

void
lock_raise_incomplete(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("incomplete arguments of a lock's trigger"),
			 errhint("Triggers of a lock are created by segmentation.install_lock.")));
}

/* lock_table_name(table): qualified, or an error where the table has just been dropped */
PG_FUNCTION_INFO_V1(lock_table_name);
Datum
lock_table_name(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(relation_name(PG_GETARG_OID(0))));
}

/* a call that names the lock by a table that still has its name, or the function alone */
char *
lock_call(const LockDefinition *def, const char *function)
{
	if (OidIsValid(lock_table_oid(def->customers)))
		return psprintf(": SELECT segmentation.%s(%s);", function, quote_literal_cstr(def->customers));
	if (def->subscriptions && OidIsValid(lock_table_oid(def->subscriptions)))
		return psprintf(": SELECT segmentation.%s(NULL, %s);", function, quote_literal_cstr(def->subscriptions));
	return psprintf(" with segmentation.%s;", function);
}

/* where a table has another name now, or none */
int
lock_errhint_renew(const LockDefinition *def)
{
	return errhint("Give it back its name, or renew the lock%s until then nothing that the lock of %s protects can change.",
				   lock_call(def, "renew_lock"), def->customers);
}

/* where it is a column or a part of a condition, which only the arguments name */
int
lock_errhint_change(const LockDefinition *def)
{
	return errhint("Give it back its name, or remove the lock and change the call that this returns%s until then nothing that the lock of %s protects can change.",
				   lock_call(def, "remove_lock"), def->customers);
}
