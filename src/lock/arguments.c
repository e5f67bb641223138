/*
 * arguments.c: a lock as the arguments of its triggers say it.
 */
#include "segmentation.h"

#include "utils/builtins.h"
#include "utils/guc.h"

#include "lock/lock.h"

static void
raise_invalid_name(const char *value)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid name \"%s\" in the arguments of a lock's trigger", value),
			 errhint("Triggers of a lock are created by segmentation.install_lock.")));
}

/*
 * Names go into the text of queries, so they are quoted anew: whoever has made
 * a trigger by hand may have written anything.
 */
static List *
parse_columns(const char *value)
{
	List	   *names = lock_split_names(value, ',');
	List	   *result = NIL;
	ListCell   *cell;

	if (names == NIL)
		raise_invalid_name(value);
	foreach(cell, names)
	{
		result = lappend(result, pstrdup(quote_identifier(lfirst(cell))));
	}
	return result;
}

static char *
parse_column(const char *value)
{
	List	   *names = parse_columns(value);

	if (list_length(names) != 1)
		raise_invalid_name(value);
	return linitial(names);
}

static char *
parse_table(const char *value)
{
	List	   *names = lock_split_names(value, '.');

	if (list_length(names) != 2)
		raise_invalid_name(value);
	return quote_qualified_identifier(linitial(names), lsecond(names));
}

static void
parse_trigger_argument(LockDefinition *def, const char *arg)
{
	const char *eq = strchr(arg, '=');
	char	   *name = eq ? pnstrdup(arg, eq - arg) : pstrdup(arg);
	char	   *value = eq ? pstrdup(eq + 1) : NULL;

	if (value == NULL)
		name = "";
	if (strcmp(name, "customers") == 0)
		def->customers = parse_table(value);
	else if (strcmp(name, "subscriptions") == 0)
		def->subscriptions = parse_table(value);
	else if (strcmp(name, "offers") == 0)
		def->offers = parse_table(value);
	else if (strcmp(name, "customer_key") == 0)
		def->customer_key = parse_columns(value);
	else if (strcmp(name, "customer_segment") == 0)
		def->customer_segment = parse_column(value);
	else if (strcmp(name, "subscription_customer") == 0)
		def->subscription_customer = parse_columns(value);
	else if (strcmp(name, "subscription_segment") == 0)
		def->subscription_segment = parse_column(value);
	else if (strcmp(name, "subscription_offer") == 0)
		def->subscription_offer = parse_columns(value);
	else if (strcmp(name, "offer_key") == 0)
		def->offer_key = parse_columns(value);
	else if (strcmp(name, "offer_segment") == 0)
		def->offer_segment = parse_column(value);
	else if (strcmp(name, "deferrable") == 0)
		def->deferrable = parse_columns(value);
	else if (strcmp(name, "locks_when") == 0)
		def->locks_when = value;
	else if (strcmp(name, "running_when") == 0)
		def->running_when = value;
	else if (strcmp(name, "markets") == 0 && strcmp(value, "true") == 0)
		def->markets = true;
	else if (strcmp(name, "subscription_price") == 0)
		def->subscription_price = parse_column(value);
	else
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unrecognized argument \"%s\" of a lock's trigger", arg),
				 errhint("Triggers of a lock are created by segmentation.install_lock.")));
}

static bool
is_complete(const LockDefinition *def)
{
	bool		by_offer = def->offers && def->offer_segment &&
	def->offer_key != NIL &&
	list_length(def->offer_key) == list_length(def->subscription_offer);

	return def->customers && def->customer_segment && def->customer_key != NIL &&
		(def->markets || !def->subscription_price) &&
		(def->subscriptions == NULL ||
		 (list_length(def->customer_key) == list_length(def->subscription_customer) &&
		  (by_offer || (def->subscription_segment && !def->offers))));
}

LockDefinition *
lock_definition_parse(int nargs, char **args)
{
	LockDefinition *def = palloc0(sizeof(LockDefinition));

	for (int i = 0; i < nargs; i++)
		parse_trigger_argument(def, args[i]);
	if (def->subscription_segment && def->offers)
	{
		def->held_offers = def->offers;
		def->held_columns = def->subscription_offer;
		def->held_key = def->offer_key;
		def->offers = NULL;
		def->subscription_offer = def->offer_key = NIL;
	}
	if (!is_complete(def))
		lock_raise_incomplete();
	return def;
}

LockDefinition *
lock_definition_parse_array(ArrayType *arguments)
{
	Datum	   *elements;
	int			count;
	char	  **args;

	deconstruct_array(arguments, TEXTOID, -1, false, TYPALIGN_INT, &elements, NULL, &count);
	args = palloc(sizeof(char *) * Max(count, 1));
	for (int i = 0; i < count; i++)
		args[i] = TextDatumGetCString(elements[i]);
	return lock_definition_parse(count, args);
}
