/*
 * move.c: move_customer, the one way to another segment for a locked customer.
 */
#include "segmentation.h"

#include "access/relation.h"
#include "catalog/namespace.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "storage/proc.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/rls.h"

#include "argument.h"
#include "expression.h"
#include "names.h"
#include "option.h"
#include "lock/installed.h"
#include "model/model.h"

/* how long a move waits for a row, unless lock_timeout is shorter */
#define MOVE_LOCK_TIMEOUT "10s"
#define MOVE_LOCK_TIMEOUT_MS 10000

#define MOVER_NEEDS "Who moves a customer needs SELECT and UPDATE on the table of customers."

typedef struct Move
{
	LockDefinition *def;		/* one of the table's locks */
	List	   *definitions;	/* all of them */
	Oid			customers;
	ArrayType  *key;			/* text[] as given */
	const char *to;				/* as given */
	LockParameters parameters;	/* of queries: the key, then the segment */
	char	   *key_text;		/* text[] as the key's types print it */
	char	   *kept_key;		/* the same, for sessions with other settings */
	char	   *customer;		/* "(id)=(42)" */
	char	   *from_segment;
	char	   *to_segment;
	bool		same;
	Datum		reason;
} Move;

static void
require_read_committed(const char *function)
{
	if (IsolationUsesXactSnapshot())
		ereport(ERROR,
				(errcode(ERRCODE_ACTIVE_SQL_TRANSACTION),
				 errmsg("%s must run at isolation level READ COMMITTED", function),
				 errdetail("It has to see subscriptions that were committed after the transaction began.")));
}

static void
bound_lock_wait(void)
{
	if (LockTimeout == 0 || LockTimeout > MOVE_LOCK_TIMEOUT_MS)
		set_option("lock_timeout", MOVE_LOCK_TIMEOUT);
}

static void
find_locks(Move *move)
{
	ListCell   *cell;

	move->definitions = lock_definitions_of(move->customers);
	if (move->definitions == NIL)
		lock_raise_none(move->customers);
	foreach(cell, move->definitions)
	{
		lock_resolve_consented(lfirst(cell));
	}
	move->def = linitial(move->definitions);
}

/* a value as the column's own type reads it, with the column's length */
static Datum
read_moved_value(Relation rel, const char *column, char *value, Oid *type)
{
	Form_pg_attribute attr = TupleDescAttr(RelationGetDescr(rel), lock_known_column(rel, column) - 1);
	Oid			input;
	Oid			ioparam;

	*type = attr->atttypid;
	getTypeInputInfo(attr->atttypid, &input, &ioparam);
	return OidInputFunctionCall(input, value, ioparam, attr->atttypmod);
}

List *
lock_unquoted_key(const LockDefinition *def)
{
	List	   *names = NIL;
	ListCell   *cell;

	foreach(cell, def->customer_key)
	{
		names = lappend(names, lock_unquoted(lfirst(cell)));
	}
	return names;
}

/* as the owner of the table, whose domain may have a CHECK; so it is with the key */
static Datum
read_segment(const Move *move, Oid *type)
{
	Relation	rel = relation_open_existing(move->customers, AccessShareLock);
	CallingUser self = become_owner(rel->rd_rel->relowner);
	int			save_nestlevel = expression_enter_safe_path();
	Datum		result;

	restrict_operation();
	result = read_moved_value(rel, move->def->customer_segment, pstrdup(move->to), type);
	AtEOXact_GUC(false, save_nestlevel);
	become_self(self);
	relation_close(rel, AccessShareLock);
	return result;
}

static void
read_move_arguments(Move *move)
{
	const LockDefinition *def = move->def;
	KeyValues  *key = key_read(move->customers, lock_unquoted_key(def), move->key, def->customers);

	move->parameters.count = key->count + 1;
	move->parameters.types = palloc(sizeof(Oid) * move->parameters.count);
	move->parameters.values = palloc(sizeof(Datum) * move->parameters.count);
	memcpy(move->parameters.types, key->types, sizeof(Oid) * key->count);
	memcpy(move->parameters.values, key->values, sizeof(Datum) * key->count);
	move->parameters.values[key->count] = read_segment(move, &move->parameters.types[key->count]);
}

/* of the customer, over alias c */
static char *
moved_customer_condition(const LockDefinition *def)
{
	return key_condition(def->customers_oid, lock_unquoted_key(def), "c", 1);
}

static char *
column_list(const List *columns)
{
	StringInfoData buf;
	ListCell   *cell;

	initStringInfo(&buf);
	foreach(cell, columns)
	{
		appendStringInfo(&buf, "%sc.%s", foreach_current_index(cell) > 0 ? ", " : "",
						 (char *) lfirst(cell));
	}
	return buf.data;
}

static char *
customer_query(const LockDefinition *def, const char *locking)
{
	char	   *keys = column_list(def->customer_key);
	int			to = list_length(def->customer_key) + 1;

	return psprintf("SELECT c.%s::pg_catalog.text, $%d::pg_catalog.text, (c.%s %s $%d) IS TRUE, "
					"pg_catalog.concat_ws(', ', %s), %s FROM %s c WHERE %s %s",
					def->customer_segment, to, def->customer_segment, def->segment_operator, to,
					keys, keys, def->from_customers, moved_customer_condition(def), locking);
}

/* the key in columns from the fifth on */
static char *
found_key(void)
{
	List	   *key = NIL;

	for (int i = 5; i <= SPI_tuptable->tupdesc->natts; i++)
		key = lappend(key, SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, i));
	return lock_array_text(key);
}

/* as any session reads it */
static char *
found_key_to_keep(void)
{
	int			save_nestlevel = NewGUCNestLevel();
	char	   *result;

	set_option("DateStyle", "ISO");
	set_option("IntervalStyle", "postgres");
	set_option("extra_float_digits", "1");
	set_option("bytea_output", "hex");
	result = found_key();
	AtEOXact_GUC(true, save_nestlevel);
	return result;
}

/*
 * The caller's rights have been asked for: what is on the table of customers acts
 * as its owner, unless its policies are to be those of the caller.
 */
static CallingUser
become_who_acts(Oid customers)
{
	bool		sees_all = check_enable_rls(customers, InvalidOid, true) != RLS_ENABLED;

	return become_owner(sees_all ? relation_owner(customers) : GetUserId());
}

/*
 * Reads the customer or raises an error.  With FOR UPDATE it waits for
 * subscriptions that are being made: they hold KEY SHARE.
 */
static void
find_customer(Move *move, const char *locking)
{
	CallingUser self = become_who_acts(move->customers);
	HeapTuple	tuple;
	TupleDesc	desc;
	bool		isnull;

	uint64		count;

	count = lock_query_execute(customer_query(move->def, locking), &move->parameters);
	become_self(self);
	if (count != 1)
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND),
				 errmsg("no customer with key %s in %s",
						OidOutputFunctionCall(F_ARRAY_OUT, PointerGetDatum(move->key)),
						move->def->customers),
				 errhint("The key is one text for each of (%s); row security may hide the customer.",
						 names_join(move->def->customer_key, ", "))));
	tuple = SPI_tuptable->vals[0];
	desc = SPI_tuptable->tupdesc;
	move->from_segment = SPI_getvalue(tuple, desc, 1);
	move->to_segment = SPI_getvalue(tuple, desc, 2);
	move->same = DatumGetBool(SPI_getbinval(tuple, desc, 3, &isnull));
	move->customer = lock_key_text(move->def, SPI_getvalue(tuple, desc, 4));
	move->key_text = found_key();
	move->kept_key = found_key_to_keep();
}

static Oid
owner_of_catalogue(const char *table)
{
	return relation_owner(get_relname_relid(table, get_namespace_oid("segmentation", false)));
}

/* as the owner of markets: who moves customers need not be allowed to lock them */
static uint64
read_market(const Move *move, const LockDefinition *def, const char *locking)
{
	char	   *sql = psprintf("SELECT m.status FROM " LOCK_MARKETS " m WHERE m.id %s $%d %s",
							   def->market_operator, move->parameters.count, locking);
	CallingUser self = become_owner(owner_of_catalogue("market"));
	uint64		result = lock_query_execute(sql, &move->parameters);

	become_self(self);
	return result;
}

/*
 * With markets the target must be one that sells.  FOR KEY SHARE, the lock of
 * the customers' foreign key, waits for the end of one that is being retired.
 */
static void
check_target(const Move *move, const LockDefinition *def, const char *locking)
{
	Relation	rel = relation_open_existing(move->customers, AccessShareLock);
	char	   *status;

	if (read_market(move, def, locking) == 0)
		lock_raise_no_market(rel, move->to_segment);
	status = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);
	if (strcmp(status, "active") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_CHECK_VIOLATION),
				 errmsg("customer %s cannot be moved to market \"%s\", which is not active",
						move->customer, move->to_segment),
				 errdetail("Its status is \"%s\".", status),
				 lock_errhint_closed(move->to_segment, status),
				 errtableconstraint(rel, LOCK_CONSTRAINT_MARKET)));
	relation_close(rel, AccessShareLock);
}

static void
check_targets(const Move *move, const char *locking)
{
	ListCell   *cell;

	foreach(cell, move->definitions)
	{
		if (((LockDefinition *) lfirst(cell))->markets)
			check_target(move, lfirst(cell), locking);
	}
}

static void
update_customer(const Move *move)
{
	const LockDefinition *def = move->def;
	char	   *sql = psprintf("WITH moved AS (UPDATE %s c SET %s = $%d WHERE %s RETURNING c.%s %s $%d AS done) "
							   "SELECT 1 FROM moved WHERE done", def->from_customers,
							   def->customer_segment, move->parameters.count, moved_customer_condition(def),
							   def->customer_segment, def->segment_operator, move->parameters.count);
	CallingUser self = become_who_acts(move->customers);
	ErrorContextCallback callback = {error_context_stack, lock_explain_rights, unconstify(Oid *, &move->customers)};
	uint64		count = 0;

	lock_refuse_deferred(self.userid, GetUserId());
	error_context_stack = &callback;
	lock_permit_move(move->customers, move->key_text, move->parameters.values[move->parameters.count - 1]);
	PG_TRY();
	{
		count = lock_query_execute(sql, &move->parameters);
	}
	PG_FINALLY();
	{
		lock_forbid_move();
		become_self(self);
	}
	PG_END_TRY();
	error_context_stack = callback.previous;
	if (count != 1)
		ereport(ERROR,
				(errcode(ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION),
				 errmsg("could not move customer %s", move->customer),
				 errdetail("The update of table %s did not take effect.", def->customers),
				 errhint("Row security or another trigger suppresses or changes it.")));
}

/* as the owner of the extension's table: a record is made by a move only */
static Datum
record_move(const Move *move)
{
	Oid			types[] = {TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, OIDOID};
	Datum		values[6];
	char		nulls[] = "      ";
	CallingUser self;
	Datum		result;
	bool		isnull;

	values[0] = CStringGetTextDatum(move->def->customers);
	values[1] = CStringGetTextDatum(move->kept_key);
	values[2] = move->from_segment ? CStringGetTextDatum(move->from_segment) : (Datum) 0;
	nulls[2] = move->from_segment ? ' ' : 'n';
	values[3] = CStringGetTextDatum(move->to_segment);
	values[4] = move->reason;
	values[5] = ObjectIdGetDatum(move->customers);
	self = become_owner(owner_of_catalogue("customer_move"));
	catalogue_run("INSERT INTO segmentation.customer_move AS m "
				  "(customers, customer_key, from_segment, to_segment, reason, relation) "
				  "VALUES ($1, $2::pg_catalog.text[], $3, $4, $5, $6) RETURNING m",
				  6, types, values, nulls);
	become_self(self);
	result = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);
	return SPI_datumTransfer(result, false, -1);
}

/* the columns that customer_query names */
static void
require_select(const Move *move, const char *why)
{
	const LockDefinition *def = move->def;

	lock_require_select(move->customers,
						lappend(list_copy(def->customer_key), def->customer_segment), why);
}

static Datum
move(Move *move, bool *done)
{
	BlockedMove blocked;
	ListCell   *cell;

	require_select(move, MOVER_NEEDS);
	lock_require_update(move->customers, list_make1(move->def->customer_segment), MOVER_NEEDS);
	find_customer(move, "FOR UPDATE OF c");
	*done = !move->same;
	if (!*done)
	{
		ereport(NOTICE,
				(errmsg("customer %s is in segment \"%s\" already", move->customer, move->to_segment)));
		return (Datum) 0;
	}
	check_targets(move, "FOR KEY SHARE OF m");
	blocked = (BlockedMove)
	{
		move->customer, move->key_text, move->to_segment
	};
	foreach(cell, move->definitions)
	{
		lock_refuse_if_blocked(lfirst(cell), &move->parameters, &blocked);
	}
	update_customer(move);
	return record_move(move);
}

static void
require_reason(Datum reason)
{
	const char *words = TextDatumGetCString(reason);

	if (words[strspn(words, " \t\n\r\f\v")] == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a move needs a reason"),
				 errhint("Say in a few words why the customer moves; it is kept in segmentation.customer_move.")));
}

static void
get_arguments(FunctionCallInfo fcinfo, Move *move)
{
	argument_require(fcinfo, 0, "customers");
	argument_require(fcinfo, 1, "key");
	argument_require(fcinfo, 2, "to_segment");
	move->customers = PG_GETARG_OID(0);
	move->key = PG_GETARG_ARRAYTYPE_P(1);
	move->to = text_to_cstring(PG_GETARG_TEXT_PP(2));
	find_locks(move);
	read_move_arguments(move);
}

/*
 * A lock that is being installed while the customer moves would not be asked.
 * So the two exclude each other, before anyone looks for locks.
 */
static void
hold_table(Oid customers)
{
	if (!relation_grants_some(customers, GetUserId(), ACL_UPDATE))
		lock_raise_denied(customers, "SELECT, UPDATE", MOVER_NEEDS);
	LockRelationOid(customers, RowExclusiveLock);
}

PG_FUNCTION_INFO_V1(lock_move_customer);
Datum
lock_move_customer(PG_FUNCTION_ARGS)
{
	Move		m = {0};
	int			save_nestlevel;
	bool		done;
	Datum		result;

	argument_require(fcinfo, 0, "customers");
	argument_require(fcinfo, 3, "reason");
	m.reason = PG_GETARG_DATUM(3);
	require_reason(m.reason);
	require_read_committed("move_customer");

	save_nestlevel = NewGUCNestLevel();
	bound_lock_wait();
	hold_table(PG_GETARG_OID(0));
	get_arguments(fcinfo, &m);
	(void) lock_enter_session(GetUserId(), relation_owner(m.customers));
	SPI_connect();
	result = move(&m, &done);
	SPI_finish();
	AtEOXact_GUC(false, save_nestlevel);
	if (!done)
		PG_RETURN_NULL();
	PG_RETURN_DATUM(result);
}

PG_FUNCTION_INFO_V1(lock_move_blockers);
Datum
lock_move_blockers(PG_FUNCTION_ARGS)
{
	Move		m = {0};
	ListCell   *cell;

	get_arguments(fcinfo, &m);
	InitMaterializedSRF(fcinfo, 0);
	SPI_connect();
	require_select(&m, LOCK_ASKER_NEEDS);
	find_customer(&m, "");
	if (!m.same)
		check_targets(&m, "");
	foreach(cell, m.definitions)
	{
		lock_return_rows(lfirst(cell), &m.parameters, LOCK_QUERY_BLOCKERS, ((ReturnSetInfo *) fcinfo->resultinfo)->setResult);
	}
	SPI_finish();
	return (Datum) 0;
}
