/*
 * exchange_rate_read.c: the statements that read the table of exchange rates.
 *
 * Through SPI, as the caller: so grants and row security hold, and a cluster's
 * planner finds a reference table.  Every name and operator is qualified: no
 * search_path changes what they mean.
 */
#include "segmentation.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "refusal.h"
#include "market/exchange_rate.h"
#include "model/model.h"

#define EQUALS " OPERATOR(pg_catalog.=) "
#define TABLE "segmentation.exchange_rate"

/*
 * The rates of base $1 and quote $2 by day: from the one that is valid on day
 * $3, or the first, $4 of them.
 */
static const char *const rates_query =
"SELECT r.valid_from, r.rate FROM " TABLE " r"
" WHERE r.base" EQUALS "$1 AND r.quote" EQUALS "$2"
" AND r.valid_from OPERATOR(pg_catalog.>=) COALESCE("
"(SELECT pg_catalog.max(v.valid_from) FROM " TABLE " v"
" WHERE v.base" EQUALS "$1 AND v.quote" EQUALS "$2"
" AND v.valid_from OPERATOR(pg_catalog.<=) $3), '-infinity')"
" ORDER BY r.valid_from LIMIT $4";

/* the next base, or quote of base $1, is one lookup in the primary key */
#define NEXT(column, condition) \
	column "(code) AS (SELECT pg_catalog.min(" column ") FROM " TABLE " WHERE " condition \
	" UNION ALL SELECT (SELECT pg_catalog.min(r." column ") FROM " TABLE " r" \
	" WHERE r." column " OPERATOR(pg_catalog.>) p.code AND " condition ")" \
	" FROM " column " p WHERE p.code IS NOT NULL)"
#define RATE(base, quote) \
	"(SELECT true FROM " TABLE " r WHERE r.base" EQUALS base " AND r.quote" EQUALS quote " LIMIT 1)"

/*
 * The currencies that have rates with both $1 and $2, by code.  Those that are
 * not the base of any rate are quotes of $1.
 */
static const char *const hubs_query =
"WITH RECURSIVE " NEXT("base", "true") ", " NEXT("quote", "base" EQUALS "$1")
" SELECT h.code FROM (SELECT code FROM base UNION SELECT code FROM quote) h"
" WHERE COALESCE(" RATE("h.code", "$1") ", " RATE("$1", "h.code") ")"
" AND COALESCE(" RATE("h.code", "$2") ", " RATE("$2", "h.code") ")"
" ORDER BY h.code";

static Datum
code_datum(CurrencyCode code)
{
	char		letters[CURRENCY_CODE_LEN];

	currency_code_letters(code, letters);
	return PointerGetDatum(cstring_to_text_with_len(letters, CURRENCY_CODE_LEN));
}

/* under the caller's own snapshot */
static void
execute_query(const char *query, int arguments, Oid *types, Datum *values, const char *nulls)
{
	int			result = execute_plan_untold(catalogue_plan(query, arguments, types), values, nulls, true, 0);

	if (result != SPI_OK_SELECT)
		elog(ERROR, "SPI_execute_plan failed: %s", SPI_result_code_string(result));
}

static Datum
column_of_row(uint64 row, int column)
{
	bool		isnull;

	return SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column, &isnull);
}

static void
set_rate(ExchangeRate *rate, DateADT valid_from, Numeric number)
{
	Decimal		decimal = decimal_from_numeric(number);
	bool		is_short = !decimal.inexact && decimal.digits <= decimal_power_of_ten[19];

	rate->valid_from = valid_from;
	rate->rate = number;
	rate->digits = is_short ? (uint64) decimal.digits : 0;
	rate->scale = decimal.scale;
}

/* rows of the table, copied to where the caller allocates */
static void
copy_rates(ExchangeRates *result, MemoryContext context)
{
	MemoryContext old = MemoryContextSwitchTo(context);

	result->count = (int) SPI_processed;
	result->rates = palloc(Max(result->count, 1) * sizeof(ExchangeRate));
	for (int i = 0; i < result->count; i++)
		set_rate(&result->rates[i], DatumGetDateADT(column_of_row(i, 1)),
				 DatumGetNumericCopy(column_of_row(i, 2)));
	MemoryContextSwitchTo(old);
}

static ExchangeRates
read_rates(CurrencyCode base, CurrencyCode quote, DateADT day, int64 limit)
{
	Oid			types[] = {TEXTOID, TEXTOID, DATEOID, INT8OID};
	MemoryContext context = CurrentMemoryContext;
	ExchangeRates result;
	Datum		values[4];

	SPI_connect();
	values[0] = code_datum(base);
	values[1] = code_datum(quote);
	values[2] = DateADTGetDatum(day);
	values[3] = Int64GetDatum(limit);
	execute_query(rates_query, lengthof(types), types, values, limit > 0 ? NULL : "   n");
	copy_rates(&result, context);
	SPI_finish();
	return result;
}

#define RATES_AROUND 2

/* the rate that is valid on a day, and until when */
ExchangeRates
exchange_rates_around(CurrencyCode base, CurrencyCode quote, DateADT day)
{
	ExchangeRates result = read_rates(base, quote, day, RATES_AROUND);

	result.known.first = DATEVAL_NOBEGIN;
	result.known.last = DATEVAL_NOEND;
	if (result.count > 0 && result.rates[0].valid_from <= day)
		result.known.first = result.rates[0].valid_from;
	if (result.count == RATES_AROUND)
		result.known.last = result.rates[RATES_AROUND - 1].valid_from - 1;
	return result;
}

ExchangeRates
exchange_rates_all(CurrencyCode base, CurrencyCode quote)
{
	ExchangeRates result = read_rates(base, quote, DATEVAL_NOBEGIN, 0);

	result.known.first = DATEVAL_NOBEGIN;
	result.known.last = DATEVAL_NOEND;
	return result;
}

/* the currencies that have rates with both, by code */
int
exchange_rate_hubs(CurrencyCode from, CurrencyCode to, CurrencyCode **hubs)
{
	Oid			types[] = {TEXTOID, TEXTOID};
	MemoryContext context = CurrentMemoryContext;
	Datum		values[2];
	int			count;

	SPI_connect();
	values[0] = code_datum(from);
	values[1] = code_datum(to);
	execute_query(hubs_query, lengthof(types), types, values, NULL);
	count = (int) SPI_processed;
	*hubs = MemoryContextAlloc(context, Max(count, 1) * sizeof(CurrencyCode));
	for (int i = 0; i < count; i++)
	{
		text	   *code = DatumGetTextPP(column_of_row(i, 1));

		(void) currency_parse(VARDATA_ANY(code), VARSIZE_ANY_EXHDR(code), &(*hubs)[i], NULL);
	}
	SPI_finish();
	return count;
}
