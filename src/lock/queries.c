/*
 * queries.c: the statements by which a lock reads and writes.
 *
 * All of them go over "rows" r: subscriptions that lock, with the customer's
 * key (k1, ...), their segment g, and whether they are running.  The triggers
 * collect these in C; every other query takes them from the table.
 * Every name and operator is qualified: no search_path changes what they mean.
 */
#include "segmentation.h"

#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "names.h"
#include "refusal.h"
#include "lock/lock.h"

static const char *
locked_at(const LockDefinition *def)
{
	return def->has_locked_at ? "c." LOCKED_AT_COLUMN : "NULL::pg_catalog.timestamptz";
}

/* the customer is in the subscription's segment */
static char *
same_segment(const LockDefinition *def)
{
	return psprintf("c.%s %s r.g", def->customer_segment, def->segment_operator);
}

/* what is promised of a running subscription */
static char *
agreement(const LockDefinition *def)
{
	return psprintf("(%s%s)", same_segment(def), def->markets ? " AND r.sells" : "");
}

/*
 * A running subscription must be of its customer's segment; a customer that
 * has none and is not locked takes the subscription's, which so must have one.
 */
static char *
contradiction_condition(const LockDefinition *def)
{
	return psprintf("%s IS NOT NULL AND CASE WHEN c.%s IS NULL AND %s IS NULL THEN r.g IS NULL%s "
					"ELSE r.running AND %s IS NOT TRUE END",
					lock_text_first_key(def), def->customer_segment, locked_at(def),
					def->markets ? " OR (r.running AND NOT r.sells)" : "", agreement(def));
}

static char *
agree_query(const LockDefinition *def, const char *from)
{
	return psprintf("SELECT 1 FROM %s r JOIN %s c ON %s WHERE %s IS NOT NULL AND (NOT r.running OR %s)",
					from, def->from_customers, lock_text_customer_match(def), locked_at(def), agreement(def));
}

static char *
check_query(const LockDefinition *def, const char *from)
{
	return psprintf("SELECT pg_catalog.count(*) FILTER (WHERE %s IS NULL), "
					"pg_catalog.count(*) FILTER (WHERE %s), "
					"pg_catalog.count(*) FILTER (WHERE %s IS NOT NULL AND %s IS NULL) "
					"FROM %s r LEFT JOIN %s c ON %s "
					"WHERE %s IS NULL OR (r.running AND %s IS NOT TRUE)",
					lock_text_first_key(def), contradiction_condition(def), lock_text_first_key(def), locked_at(def),
					from, def->from_customers, lock_text_customer_match(def), locked_at(def), agreement(def));
}

/* the segments do not contradict each other, so it is the market that does */
static char *
market_reasons(const LockDefinition *def)
{
	if (!def->markets)
		return "";
	return psprintf(", (%s OR (c.%s IS NULL AND %s IS NULL AND r.g IS NOT NULL)) IS TRUE, "
					"r.is_new AND r.status OPERATOR(pg_catalog.<>) 'active', "
					"r.status, r.market_currency, r.currency",
					same_segment(def), def->customer_segment, locked_at(def));
}

static char *
conflict_query(const LockDefinition *def, const char *from)
{
	return psprintf("SELECT %s::pg_catalog.text, c.%s::pg_catalog.text, r.g::pg_catalog.text, "
					"%s::pg_catalog.text, pg_catalog.concat_ws(', ', %s)%s "
					"FROM %s r JOIN %s c ON %s WHERE %s ORDER BY %s LIMIT 1",
					lock_text_array("c", def->customer_key), def->customer_segment,
					locked_at(def), lock_text_columns("c", def->customer_key, ""), market_reasons(def),
					from, def->from_customers, lock_text_customer_match(def),
					contradiction_condition(def), lock_text_columns("c", def->customer_key, ""));
}

/* FOR KEY SHARE is what a foreign key takes too: it excludes moves only */
static char *
share_query(const LockDefinition *def, const char *from)
{
	return psprintf("SELECT 1 FROM %s r JOIN %s c ON %s ORDER BY %s FOR KEY SHARE OF c",
					from, def->from_customers, lock_text_customer_match(def),
					lock_text_columns("c", def->customer_key, ""));
}

static char *
share_offers_query(const LockDefinition *def, const char *collected)
{
	return psprintf("SELECT 1 FROM %s r JOIN %s o ON %s ORDER BY %s FOR KEY SHARE OF o",
					collected, def->from_offers,
					lock_text_match("o", def->offer_key, def->offer_operators,
									"r", lock_text_numbered('o', def->offer_key)),
					lock_text_columns("o", def->offer_key, ""));
}

static char *
order_query(const LockDefinition *def, const char *from)
{
	return psprintf("SELECT 1 FROM %s r JOIN %s c ON %s WHERE %s IS NULL ORDER BY %s FOR NO KEY UPDATE OF c",
					from, def->from_customers, lock_text_customer_match(def), locked_at(def),
					lock_text_columns("c", def->customer_key, ""));
}

/*
 * One row per customer, a running one if there is one, in the order of keys.
 * What the condition leaves out since a concurrent change is found by the check
 * that follows.  Counts those that are as promised now: a trigger of others may
 * have changed what is stored.  The moment is one that clients which keep
 * milliseconds read and write back as it is.
 */
static char *
lock_customers_query(const LockDefinition *def, const char *from)
{
	char	   *keys = lock_text_columns("d", lock_text_key_names(def), "");

	return psprintf("WITH locked AS (UPDATE %s c SET " LOCKED_AT_COLUMN " = pg_catalog.date_trunc('milliseconds', pg_catalog.now()), %s = COALESCE(c.%s, r.g%s) "
					"FROM (SELECT DISTINCT ON (%s) %s, d.g, d.running%s FROM %s d ORDER BY %s, d.running DESC) r "
					"WHERE %s AND %s IS NULL AND (NOT r.running OR (%s(c.%s IS NULL OR %s))) "
					"AND (c.%s IS NOT NULL OR r.g IS NOT NULL) "
					"RETURNING c." LOCKED_AT_COLUMN " IS NOT NULL AND (NOT r.running OR %s) AS agrees) "
					"SELECT pg_catalog.count(*) FROM locked WHERE agrees",
					def->from_customers, def->customer_segment, def->customer_segment, def->segment_cast,
					keys, keys, def->markets ? ", d.sells" : "", from, keys,
					lock_text_customer_match(def), locked_at(def),
					def->markets ? "r.sells AND " : "", def->customer_segment, same_segment(def),
					def->customer_segment, agreement(def));
}

static char *
collected_rows_query(const LockDefinition *def, const char *from)
{
	return psprintf("SELECT %s, r.g, r.running%s FROM %s r",
					lock_text_columns("r", lock_text_key_names(def), ""),
					def->markets ? ", r.sells, r.is_new, r.status, r.market_currency, r.currency" : "",
					from);
}

static char *
unlocked_query(const LockDefinition *def, const char *from)
{
	return psprintf("SELECT pg_catalog.count(*) FROM %s c WHERE %s IS NULL AND EXISTS (SELECT FROM %s r WHERE %s)",
					def->from_customers, locked_at(def), from, lock_text_customer_match(def));
}

/* FOR UPDATE excludes the key share of a subscription that is being made */
static char *
hold_keys_query(const LockDefinition *def, LockSource source, const char *collected)
{
	if (source == LOCK_OF_CUSTOMERS)
		return psprintf("SELECT 1 FROM %s r JOIN %s c ON %s FOR UPDATE OF c",
						collected, def->from_customers,
						lock_text_match("c", def->customer_key, def->key_operators,
										"r", lock_text_key_names(def)));
	return psprintf("SELECT 1 FROM %s r JOIN %s o ON %s FOR UPDATE OF o",
					collected, def->from_offers,
					lock_text_match("o", def->offer_key, def->offer_key_operators,
									"r", lock_text_numbered('o', def->offer_key)));
}

static char *
subscribed_query(const LockDefinition *def, const char *collected)
{
	return psprintf("SELECT pg_catalog.concat_ws(', ', %s) FROM %s n JOIN %s s ON %s "
					"WHERE (%s) IS TRUE AND (%s) IS TRUE LIMIT 1",
					lock_text_columns("s", def->subscription_customer, ""), collected, def->subscriptions,
					lock_text_match("n", lock_text_numbered('o', def->offer_key), def->offer_operators,
									"s", def->subscription_offer),
					def->locks_when ? def->locks_when : "true",
					def->running_when ? def->running_when : "true");
}

/*
 * What would contradict once customers without a segment took one: that of a
 * running subscription if there is one, and all that decide must agree.
 */
static char *
install_conflicts_query(const LockDefinition *def, const char *from)
{
	char	   *keys = lock_text_columns("d", lock_text_key_names(def), "");

	return psprintf("SELECT %s, c.%s::pg_catalog.text, r.subscription, r.g::pg_catalog.text "
					"FROM (SELECT d.*, pg_catalog.first_value(d.g) OVER (PARTITION BY %s ORDER BY d.running DESC, d.subscription) AS first_g, "
					"pg_catalog.bool_or(d.running) OVER (PARTITION BY %s) AS any_running FROM %s d) r "
					"JOIN %s c ON %s "
					"WHERE (r.running OR (c.%s IS NULL AND NOT r.any_running)) "
					"AND (COALESCE(c.%s, r.first_g%s) %s r.g) IS NOT TRUE ORDER BY %s, r.subscription",
					lock_text_array("c", def->customer_key), def->customer_segment,
					keys, keys, from, def->from_customers, lock_text_customer_match(def),
					def->customer_segment, def->customer_segment, def->segment_cast, def->segment_operator,
					lock_text_columns("c", def->customer_key, ""));
}

/*
 * Customers whose segment is no market, or would be none once they took their
 * subscription's; and running subscriptions in another currency than theirs.
 */
static char *
market_conflicts_query(const LockDefinition *def, const char *from)
{
	char	   *key = lock_text_array("c", def->customer_key);

	return psprintf("SELECT %s AS customer_key, c.%s::pg_catalog.text AS market, NULL::pg_catalog.text[] AS subscription, "
					"NULL::pg_catalog.text AS market_currency, NULL::pg_catalog.text AS currency "
					"FROM %s c%s WHERE c.%s IS NOT NULL AND m.id IS NULL "
					"UNION ALL SELECT %s, r.g::pg_catalog.text, r.subscription, r.market_currency, r.currency "
					"FROM %s r JOIN %s c ON %s WHERE NOT r.sells "
					"AND CASE WHEN r.status IS NULL THEN c.%s IS NULL AND r.g IS NOT NULL ELSE r.running END "
					"ORDER BY 1, 3",
					key, def->customer_segment, def->from_customers,
					lock_text_market_join(def, psprintf("c.%s", def->customer_segment)), def->customer_segment,
					key, from, def->from_customers, lock_text_customer_match(def), def->customer_segment);
}

/*
 * Parameters are the customer's key and, after it, the segment.  The customers
 * are not read: they may be hidden from the owner of the subscriptions.
 */
static char *
blockers_query(const LockDefinition *def, const char *from)
{
	StringInfoData key;
	int			nkeys = list_length(def->customer_key);

	initStringInfo(&key);
	for (int i = 0; i < nkeys; i++)
		appendStringInfo(&key, "$%d %s r.k%d AND ", i + 1,
						 (char *) list_nth(def->customer_operators, i), i + 1);
	return psprintf("SELECT %s::pg_catalog.regclass, r.subscription, r.g::pg_catalog.text "
					"FROM %s r WHERE %sr.running AND (r.g %s $%d) IS NOT TRUE "
					"ORDER BY r.subscription",
					quote_literal_cstr(def->subscriptions), from, key.data,
					def->segment_operator, nkeys + 1);
}

static char *
violations_query(const LockDefinition *def, const char *from)
{
	return psprintf("SELECT %s::pg_catalog.regclass, r.subscription, %s, c.%s::pg_catalog.text, r.g::pg_catalog.text, "
					"CASE WHEN %s IS NULL THEN 'no customer' WHEN %s IS NULL THEN 'customer not locked' "
					"%sELSE 'other segment' END "
					"FROM %s r LEFT JOIN %s c ON %s "
					"WHERE %s IS NULL OR (r.running AND %s IS NOT TRUE) ORDER BY %s, r.subscription",
					quote_literal_cstr(def->subscriptions), lock_text_array("r", lock_text_key_names(def)),
					def->customer_segment, lock_text_first_key(def), locked_at(def),
					def->markets ? psprintf("WHEN %s THEN CASE WHEN r.status IS NULL THEN 'no market' "
											"ELSE 'other currency' END ", same_segment(def)) : "",
					from, def->from_customers, lock_text_customer_match(def),
					locked_at(def), agreement(def), lock_text_columns("c", def->customer_key, ""));
}

static char *
is_same(const char *column, const char *operator)
{
	return psprintf("OLD.%s %s NEW.%s", column, operator, column);
}

/* IS NOT TRUE holds also of NULL, and then the trigger itself looks closer */
static char *
customer_trigger_condition(const LockDefinition *def)
{
	List	   *same = list_make2(is_same(def->customer_segment, def->customer_segment_operator),
								  is_same(LOCKED_AT_COLUMN, "OPERATOR(pg_catalog.=)"));
	ListCell   *column;
	ListCell   *operator;

	forboth(column, def->customer_key, operator, def->key_operators)
	{
		same = lappend(same, is_same(lfirst(column), lfirst(operator)));
	}
	return psprintf("OLD." LOCKED_AT_COLUMN " IS NOT NULL AND (%s) IS NOT TRUE", names_join(same, " AND "));
}

static char *
offer_condition(const LockDefinition *def)
{
	return psprintf("(%s) IS NOT TRUE AND (OLD.%s IS NOT NULL OR NEW.%s IS NOT NULL)",
					is_same(def->offer_segment, def->segment_operator),
					def->offer_segment, def->offer_segment);
}

char *
lock_query(const LockDefinition *def, LockSource source, const char *collected,
		   LockQuery query)
{
	char	   *from = lock_text_rows(def, source, collected);

	switch (query)
	{
		case LOCK_QUERY_AGREE:
			return agree_query(def, from);
		case LOCK_QUERY_CHECK:
			return check_query(def, from);
		case LOCK_QUERY_CONFLICT:
			return conflict_query(def, from);
		case LOCK_QUERY_SHARE_OFFERS:
			return share_offers_query(def, collected);
		case LOCK_QUERY_SHARE:
			return share_query(def, from);
		case LOCK_QUERY_ORDER:
			return order_query(def, from);
		case LOCK_QUERY_LOCK:
			return lock_customers_query(def, from);
		case LOCK_QUERY_FETCH:
			return collected_rows_query(def, from);
		case LOCK_QUERY_ROWS:
			return psprintf("SELECT r.* FROM %s r", from);
		case LOCK_QUERY_UNLOCKED:
			return unlocked_query(def, from);
		case LOCK_QUERY_HOLD_KEYS:
			return hold_keys_query(def, source, collected);
		case LOCK_QUERY_SUBSCRIBED:
			return subscribed_query(def, collected);
		case LOCK_QUERY_INSTALL_CONFLICTS:
			return install_conflicts_query(def, from);
		case LOCK_QUERY_MARKET_CONFLICTS:
			return market_conflicts_query(def, from);
		case LOCK_QUERY_BLOCKERS:
			return blockers_query(def, from);
		case LOCK_QUERY_VIOLATIONS:
			return violations_query(def, from);
		case LOCK_CONDITION_CUSTOMER:
			return customer_trigger_condition(def);
		case LOCK_CONDITION_OFFER:
			return offer_condition(def);
	}
	elog(ERROR, "unrecognized query of a lock: %d", (int) query);
	return NULL;
}

LockQuery
lock_query_by_name(const char *name)
{
	static const struct
	{
		const char *name;
		LockQuery	query;
	}			known[] = {
		{"unlocked", LOCK_QUERY_UNLOCKED},
		{"conflicts", LOCK_QUERY_INSTALL_CONFLICTS},
		{"market conflicts", LOCK_QUERY_MARKET_CONFLICTS},
		{"order", LOCK_QUERY_ORDER},
		{"lock", LOCK_QUERY_LOCK},
		{"customer condition", LOCK_CONDITION_CUSTOMER},
		{"offer condition", LOCK_CONDITION_OFFER}
	};

	for (size_t i = 0; i < lengthof(known); i++)
		if (strcmp(name, known[i].name) == 0)
			return known[i].query;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unrecognized query of a lock: \"%s\"", name),
			 errhint("Known are \"unlocked\", \"conflicts\", \"market conflicts\", \"order\", \"lock\", \"customer condition\" and \"offer condition\".")));
}

LockDefinition *
lock_definition_from_array(ArrayType *arguments)
{
	LockDefinition *def = lock_definition_parse_array(arguments);

	lock_definition_resolve(def, true);
	return def;
}

/*
 * lock_query(arguments, query): the text of a query over the whole table, or of
 * a trigger's condition, for install_lock.
 */
PG_FUNCTION_INFO_V1(lock_query_text);
Datum
lock_query_text(PG_FUNCTION_ARGS)
{
	ErrorContextCallback *context = context_hide_own();
	LockQuery	query = lock_query_by_name(text_to_cstring(PG_GETARG_TEXT_PP(1)));
	LockDefinition *def = lock_definition_from_array(PG_GETARG_ARRAYTYPE_P(0));

	error_context_stack = context;
	PG_RETURN_TEXT_P(cstring_to_text(lock_query(def, LOCK_TABLE, NULL, query)));
}
