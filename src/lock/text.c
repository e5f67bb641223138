/*
 * text.c: the parts of which queries of a lock are made: joins, and the rows that
 * they are over.
 */
#include "segmentation.h"

#include "lock/lock.h"

/* "a.x OPERATOR(=) b.y AND ...": pairs of columns */
char *
lock_text_match(const char *left, const List *left_columns, const List *operators,
				const char *right, const List *right_columns)
{
	StringInfoData buf;

	initStringInfo(&buf);
	for (int i = 0; i < list_length(operators); i++)
		appendStringInfo(&buf, "%s%s.%s %s %s.%s", i > 0 ? " AND " : "",
						 left, (char *) list_nth(left_columns, i),
						 (char *) list_nth(operators, i),
						 right, (char *) list_nth(right_columns, i));
	return buf.data;
}

/* the names k1, k2, ... of collected columns */
List *
lock_text_numbered(char letter, const List *columns)
{
	List	   *result = NIL;

	for (int i = 1; i <= list_length(columns); i++)
		result = lappend(result, psprintf("%c%d", letter, i));
	return result;
}

/* "a.x, a.y", each with a cast or with none */
char *
lock_text_columns(const char *alias, const List *columns, const char *cast)
{
	StringInfoData buf;

	initStringInfo(&buf);
	for (int i = 0; i < list_length(columns); i++)
		appendStringInfo(&buf, "%s%s.%s%s", i > 0 ? ", " : "", alias,
						 (char *) list_nth(columns, i), cast);
	return buf.data;
}

List *
lock_text_key_names(const LockDefinition *def)
{
	return lock_text_numbered('k', def->customer_key);
}

char *
lock_text_array(const char *alias, const List *columns)
{
	if (columns == NIL)
		return pstrdup("NULL::pg_catalog.text[]");
	return psprintf("ARRAY[%s]", lock_text_columns(alias, columns, "::pg_catalog.text"));
}

/*
 * What a lock with markets knows of rows besides: whether their market sells
 * them, and why not.  A new one needs an active market, every one its currency.
 */
static char *
market_columns(const char *is_new, const char *currency)
{
	return psprintf(", (m.id IS NOT NULL AND (NOT %s OR m.status OPERATOR(pg_catalog.=) 'active') "
					"AND (%s IS NULL OR m.currency OPERATOR(pg_catalog.=) %s)) AS sells, "
					"%s AS is_new, m.status, m.currency AS market_currency, %s AS currency",
					is_new, currency, currency, is_new, currency);
}

/* its status is the latest, like all that a trigger reads */
char *
lock_text_market_join(const LockDefinition *def, const char *segment)
{
	return psprintf(" LEFT JOIN " LOCK_MARKETS " m ON m.id %s %s", def->market_operator, segment);
}

static char *
offer_join(const LockDefinition *def)
{
	return psprintf(" LEFT JOIN %s o ON %s", def->from_offers,
					lock_text_match("o", def->offer_key, def->offer_operators,
									"r", lock_text_numbered('o', def->offer_key)));
}

static char *
collected_rows(const LockDefinition *def, const char *collected)
{
	char	   *segment = def->offers ? psprintf("o.%s", def->offer_segment) : "r.g";

	if (def->offers == NULL && !def->markets)
		return pstrdup(collected);
	return psprintf("(SELECT %s, %s AS g, r.running%s FROM %s r%s%s)",
					lock_text_columns("r", lock_text_key_names(def), ""), segment,
					def->markets ? market_columns("r.is_new", "r.currency") : "",
					collected,
					def->offers ? offer_join(def) : "",
					def->markets ? lock_text_market_join(def, segment) : "");
}

/* of a row of the table: it is there, so it is not new */
static char *
stored_market_columns(const LockDefinition *def)
{
	char	   *currency = def->subscription_price ?
	psprintf("%s(s.%s)", def->currency_function, def->subscription_price) :
	"NULL::pg_catalog.text";

	return market_columns("false", currency);
}

/* the table's rows, all of them or those that name collected keys */
static char *
stored_rows(const LockDefinition *def, LockSource source, const char *collected)
{
	StringInfoData buf;
	char	   *segment = def->offers ? psprintf("o.%s", def->offer_segment) :
	psprintf("s.%s", def->subscription_segment);

	initStringInfo(&buf);
	appendStringInfoString(&buf, "(SELECT ");
	for (int i = 0; i < list_length(def->subscription_customer); i++)
		appendStringInfo(&buf, "s.%s AS k%d, ",
						 (char *) list_nth(def->subscription_customer, i), i + 1);
	appendStringInfo(&buf, "%s AS g, (%s) IS TRUE AS running, %s AS subscription%s FROM %s s",
					 segment, def->running_when ? def->running_when : "true",
					 lock_text_array("s", def->subscription_key),
					 def->markets ? stored_market_columns(def) : "", def->subscriptions);
	if (source == LOCK_OF_CUSTOMERS)
		appendStringInfo(&buf, " JOIN %s n ON %s", collected,
						 lock_text_match("n", lock_text_key_names(def), def->customer_operators,
										 "s", def->subscription_customer));
	if (source == LOCK_OF_OFFERS)
		appendStringInfo(&buf, " JOIN %s n ON %s", collected,
						 lock_text_match("n", lock_text_numbered('o', def->offer_key), def->offer_operators,
										 "s", def->subscription_offer));
	if (def->offers)
		appendStringInfo(&buf, " %sJOIN %s o ON %s",
						 source == LOCK_OF_OFFERS ? "" : "LEFT ", def->from_offers,
						 lock_text_match("o", def->offer_key, def->offer_operators,
										 "s", def->subscription_offer));
	if (def->markets)
		appendStringInfoString(&buf, lock_text_market_join(def, segment));
	appendStringInfo(&buf, " WHERE (%s) IS TRUE", def->locks_when ? def->locks_when : "true");
	for (int i = 0; i < list_length(def->subscription_customer); i++)
		appendStringInfo(&buf, " AND s.%s IS NOT NULL",
						 (char *) list_nth(def->subscription_customer, i));
	appendStringInfoChar(&buf, ')');
	return buf.data;
}

char *
lock_text_rows(const LockDefinition *def, LockSource source, const char *collected)
{
	switch (source)
	{
		case LOCK_COLLECTED:
			return collected_rows(def, collected);
		case LOCK_FETCHED:
			return pstrdup(collected);
		default:
			return stored_rows(def, source, collected);
	}
}

/* of the join of rows r and customers c */
char *
lock_text_customer_match(const LockDefinition *def)
{
	return lock_text_match("c", def->customer_key, def->customer_operators, "r", lock_text_key_names(def));
}

char *
lock_text_first_key(const LockDefinition *def)
{
	return psprintf("c.%s", (char *) linitial(def->customer_key));
}
