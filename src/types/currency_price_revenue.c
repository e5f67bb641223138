/*
 * currency_price_revenue.c: recurring revenue: what a price is by the month, and
 * by how much it changed.
 */
#include "segmentation.h"

#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"

#include "types/currency_price.h"

#define DAYS_PER_WEEK 7

/* a price by the interval is that by the month times multiplier / divisor */
typedef struct Monthly
{
	int64		multiplier;
	int64		divisor;
} Monthly;

static void
bad_interval(const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid billing interval"),
			 errdetail("%s", detail),
			 errhint("Bill by years and months, such as '1 year' or '3 months', or by weeks and days, such as '2 weeks' or '30 days'.")));
}

static void
check_interval(const Interval *interval)
{
	if (interval->time != 0)
		bad_interval("It has a part that is less than a day.");
	if (interval->month != 0 && interval->day != 0)
		bad_interval("It has months and days, and months are not all as long.");
	if (interval->month <= 0 && interval->day <= 0)
		bad_interval("It is not above zero.");
}

/*
 * A year has 12 months, 52 weeks, 365.25 days: what is billed by the week is
 * billed 52 times a year.
 */
static Monthly
monthly_of(const Interval *interval)
{
	Monthly		result = {1, 1};

	check_interval(interval);
	if (interval->month > 0)
		result.divisor = interval->month;
	else if (interval->day % DAYS_PER_WEEK == 0)
	{
		result.multiplier = 52;
		result.divisor = (int64) 12 * (interval->day / DAYS_PER_WEEK);
	}
	else
	{
		result.multiplier = 36525;
		result.divisor = (int64) 1200 * interval->day;
	}
	return result;
}

PG_FUNCTION_INFO_V1(currency_price_monthly);
Datum
currency_price_monthly(PG_FUNCTION_ARGS)
{
	CurrencyPrice *price = PG_GETARG_CURRENCY_PRICE_P(0);
	Monthly		monthly = monthly_of(PG_GETARG_INTERVAL_P(1));
	Decimal		amount = price_to_decimal(price);
	CurrencyPrice *result = palloc(sizeof(CurrencyPrice));

	amount.digits *= monthly.multiplier;
	(void) decimal_divide_short(amount, decimal_from_int64(monthly.divisor, 0), &amount);
	if (!price_from_decimal(&amount, price_code(price), ROUND_HALF_EVEN, result))
		price_out_of_range();
	PG_RETURN_CURRENCY_PRICE_P(result);
}

/* (new - old) / |old| in percent: its sign says which way it went */
PG_FUNCTION_INFO_V1(currency_price_percent_change);
Datum
currency_price_percent_change(PG_FUNCTION_ARGS)
{
	CurrencyPrice *old_price = PG_GETARG_CURRENCY_PRICE_P(0);
	CurrencyPrice *new_price = PG_GETARG_CURRENCY_PRICE_P(1);
	Datum		old_amount;
	Datum		change;

	price_check_same_currency(old_price, new_price);
	if (price_mantissa(old_price) == 0)
		PG_RETURN_NULL();
	old_amount = NumericGetDatum(price_to_numeric(old_price));
	change = DirectFunctionCall2(numeric_sub, NumericGetDatum(price_to_numeric(new_price)), old_amount);
	change = DirectFunctionCall2(numeric_mul, change, NumericGetDatum(int64_to_numeric(100)));
	return DirectFunctionCall2(numeric_div, change, DirectFunctionCall1(numeric_abs, old_amount));
}
