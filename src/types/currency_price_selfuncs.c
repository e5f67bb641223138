/*
 * currency_price_selfuncs.c: how many rows < <= > >= will find.
 *
 * The server's own estimators would take a row in another currency for one
 * that is below or above, and would pair two conditions as if what one of them
 * excludes the other includes.  Statistics are in the total order, so that each
 * currency is one stretch of the histogram; within a bin they are interpolated,
 * as the server cannot, which knows no number that a price is like.
 */
#include "segmentation.h"

#include <math.h>

#include "access/htup_details.h"
#include "catalog/pg_statistic.h"
#include "nodes/pathnodes.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/selfuncs.h"

#include "types/currency_price.h"

/* how many values of each side of a join are tried, of each kind */
#define JOIN_SAMPLE 50

/* share of a currency in a histogram bin that only begins or ends in it */
#define SHARED_BIN 0.5

/* share in a bin whose ends are in two other currencies */
#define FOREIGN_BIN (1.0 / 3)

typedef struct Bound
{
	const CurrencyPrice *price; /* NULL: none */
	bool		inclusive;
} Bound;

/* prices in one currency; at least one bound is there */
typedef struct PriceRange
{
	CurrencyCode code;
	Bound		low;
	Bound		high;
} PriceRange;

static bool
range_contains(const PriceRange *range, const CurrencyPrice *price)
{
	int			low = 1;
	int			high = -1;

	if (price_code(price) != range->code)
		return false;
	if (range->low.price)
		low = price_compare_amounts(price, range->low.price);
	if (range->high.price)
		high = price_compare_amounts(price, range->high.price);
	return (low > 0 || (low == 0 && range->low.inclusive)) &&
		(high < 0 || (high == 0 && range->high.inclusive));
}

static double
price_as_double(const CurrencyPrice *price)
{
	return (double) price_mantissa(price) / (double) decimal_power_of_ten[price_scale(price)];
}

/*
 * Share of what lies in a histogram bin beyond a currency's first or last value
 * there, values[i], that is nearer to it than price.  The currency goes on towards
 * values[i + step], evenly and twice as far as in the bin before: values thin out.
 */
static double
share_nearer(const AttStatsSlot *histogram, int i, int step, const CurrencyPrice *price)
{
	const CurrencyPrice *end = DatumGetCurrencyPriceP(histogram->values[i]);
	const CurrencyPrice *before = i - step >= 0 && i - step < histogram->nvalues ?
	DatumGetCurrencyPriceP(histogram->values[i - step]) : NULL;
	double		begin = price_as_double(end);
	double		distance = (price_as_double(price) - begin) * step;
	double		width = Max(fabs(begin), 1);

	if (before && price_code(before) == price_code(end))
		width = 2 * fabs(begin - price_as_double(before));
	/* where none is known, none is negative */
	if (step < 0 && begin > 0)
		width = Min(width, begin);
	return distance <= 0 ? 0 : distance >= width ? 1 : distance / width;
}

/* share of a bin in one currency that is below price */
static double
share_below(const CurrencyPrice *price, const CurrencyPrice *first, const CurrencyPrice *last)
{
	double		low;
	double		high;

	if (price_compare_amounts(price, first) <= 0)
		return 0;
	if (price_compare_amounts(price, last) >= 0)
		return 1;
	low = price_as_double(first);
	high = price_as_double(last);
	return high > low ? Min((price_as_double(price) - low) / (high - low), 1) : 0.5;
}

/* the same of the bin's values in the currency of price; i is the bin's end */
static double
bin_share_below(const AttStatsSlot *histogram, int i, const CurrencyPrice *price)
{
	const CurrencyPrice *first = DatumGetCurrencyPriceP(histogram->values[i - 1]);
	const CurrencyPrice *last = DatumGetCurrencyPriceP(histogram->values[i]);
	bool		begins = price_code(first) == price_code(price);
	bool		ends = price_code(last) == price_code(price);

	if (begins && ends)
		return share_below(price, first, last);
	if (begins)
		return share_nearer(histogram, i - 1, 1, price);
	if (ends)
		return 1 - share_nearer(histogram, i, -1, price);
	return 0.5;
}

/* share of a histogram bin that is in the range; i is the bin's end */
static double
bin_share(const PriceRange *range, const AttStatsSlot *histogram, int i)
{
	CurrencyCode first = price_code(DatumGetCurrencyPriceP(histogram->values[i - 1]));
	CurrencyCode last = price_code(DatumGetCurrencyPriceP(histogram->values[i]));
	double		share = 1;
	double		low = 0;
	double		high = 1;

	if (first > range->code || last < range->code)
		return 0;
	if (first != last)
		share = first == range->code || last == range->code ? SHARED_BIN : FOREIGN_BIN;
	if (range->low.price)
		low = bin_share_below(histogram, i, range->low.price);
	if (range->high.price)
		high = bin_share_below(histogram, i, range->high.price);
	if (share == FOREIGN_BIN && range->low.price && range->high.price)
		high = low + 0.25;
	return share * Max(0, high - low);
}

/* share of the values in the histogram; -1 where there is none */
static double
histogram_share(const PriceRange *range, const AttStatsSlot *histogram)
{
	double		bins = 0;

	if (histogram->nvalues < 2)
		return -1;
	for (int i = 1; i < histogram->nvalues; i++)
		bins += bin_share(range, histogram, i);
	return bins / (histogram->nvalues - 1);
}

/* share of all rows that are among the most common values and in the range */
static double
common_share(const PriceRange *range, const AttStatsSlot *common, double *common_total)
{
	double		share = 0;

	*common_total = 0;
	for (int i = 0; i < common->nvalues; i++)
	{
		*common_total += common->numbers[i];
		if (range_contains(range, DatumGetCurrencyPriceP(common->values[i])))
			share += common->numbers[i];
	}
	return share;
}

static double
range_selectivity(const PriceRange *range, VariableStatData *vardata)
{
	Form_pg_statistic stats;
	AttStatsSlot common = {0};
	AttStatsSlot histogram = {0};
	double		selectivity;
	double		common_total;
	double		rest_share;

	if (range->low.price && range->high.price &&
		price_compare_amounts(range->low.price, range->high.price) > 0)
		return 0;
	if (!HeapTupleIsValid(vardata->statsTuple))
		return DEFAULT_INEQ_SEL;
	stats = (Form_pg_statistic) GETSTRUCT(vardata->statsTuple);
	(void) get_attstatsslot(&common, vardata->statsTuple, STATISTIC_KIND_MCV, InvalidOid,
							ATTSTATSSLOT_VALUES | ATTSTATSSLOT_NUMBERS);
	(void) get_attstatsslot(&histogram, vardata->statsTuple, STATISTIC_KIND_HISTOGRAM, InvalidOid,
							ATTSTATSSLOT_VALUES);
	selectivity = common_share(range, &common, &common_total);
	rest_share = histogram_share(range, &histogram);
	if (rest_share < 0)
		rest_share = DEFAULT_INEQ_SEL;
	selectivity += rest_share * Max(0, 1 - common_total - stats->stanullfrac);
	free_attstatsslot(&common);
	free_attstatsslot(&histogram);
	return selectivity;
}

/* puts what the clause "variable comparison constant" demands into range */
static void
add_bound(PriceRange *range, StrategyNumber strategy, bool varonleft, Datum constant)
{
	bool		below = strategy <= BTLessEqualStrategyNumber;
	Bound	   *bound = below == varonleft ? &range->high : &range->low;

	bound->price = DatumGetCurrencyPriceP(constant);
	bound->inclusive = strategy == BTLessEqualStrategyNumber || strategy == BTGreaterEqualStrategyNumber;
	range->code = price_code(bound->price);
}

/* puts a clause of the query's into range where it is a lower bound of the same variable */
static bool
add_low_bound(PlannerInfo *root, Node *clause, const VariableStatData *vardata,
			  int varRelid, PriceRange *range)
{
	OpExpr	   *expr = (OpExpr *) clause;
	PriceRange	found = {0};
	VariableStatData clause_vardata;
	StrategyNumber strategy;
	Node	   *other;
	bool		varonleft;

	if (!IsA(clause, OpExpr))
		return false;
	strategy = price_comparison_strategy(get_opcode(expr->opno));
	if (strategy == InvalidStrategy ||
		!get_restriction_variable(root, expr->args, varRelid, &clause_vardata, &other, &varonleft))
		return false;
	if (equal(clause_vardata.var, vardata->var) && IsA(other, Const) && !((Const *) other)->constisnull)
		add_bound(&found, strategy, varonleft, ((Const *) other)->constvalue);
	ReleaseVariableStats(clause_vardata);
	if (found.low.price == NULL)
		return false;
	*range = found;
	return true;
}

static bool
find_low_bound(PlannerInfo *root, const VariableStatData *vardata, int varRelid, PriceRange *range)
{
	ListCell   *cell;

	if (vardata->rel == NULL)
		return false;
	foreach(cell, vardata->rel->baserestrictinfo)
	{
		if (add_low_bound(root, (Node *) lfirst_node(RestrictInfo, cell)->clause,
						  vardata, varRelid, range))
			return true;
	}
	return false;
}

/*
 * Of BETWEEN the planner multiplies the two selectivities, so that the upper
 * bound must give its share of the rows that the lower bound leaves.
 */
static double
selectivity_given_low_bound(const PriceRange *high, const PriceRange *low, VariableStatData *vardata)
{
	double		low_selectivity = range_selectivity(low, vardata);
	PriceRange	both = *high;

	if (low->code != high->code || low_selectivity <= 0)
		return 0;
	both.low = low->low;
	return range_selectivity(&both, vardata) / low_selectivity;
}

/*
 * Whoever makes an operator may name these estimators for it.  Values are taken
 * for prices, and statistics shown to the operator's function, only where that
 * is one of our comparisons.
 */
PG_FUNCTION_INFO_V1(currency_price_sel);
Datum
currency_price_sel(PG_FUNCTION_ARGS)
{
	PlannerInfo *root = (PlannerInfo *) PG_GETARG_POINTER(0);
	StrategyNumber strategy = price_comparison_strategy(get_opcode(PG_GETARG_OID(1)));
	List	   *args = (List *) PG_GETARG_POINTER(2);
	int			varRelid = PG_GETARG_INT32(3);
	VariableStatData vardata;
	PriceRange	range = {0};
	PriceRange	other_range = {0};
	Node	   *other;
	bool		varonleft;
	double		selectivity = DEFAULT_INEQ_SEL;

	if (strategy == InvalidStrategy ||
		!get_restriction_variable(root, args, varRelid, &vardata, &other, &varonleft))
		PG_RETURN_FLOAT8(DEFAULT_INEQ_SEL);
	if (IsA(other, Const) && ((Const *) other)->constisnull)
		selectivity = 0;
	else if (IsA(other, Const))
	{
		add_bound(&range, strategy, varonleft, ((Const *) other)->constvalue);
		selectivity = range_selectivity(&range, &vardata);
		if (range.high.price && find_low_bound(root, &vardata, varRelid, &other_range))
			selectivity = selectivity_given_low_bound(&range, &other_range, &vardata);
	}
	ReleaseVariableStats(vardata);
	CLAMP_PROBABILITY(selectivity);
	PG_RETURN_FLOAT8(selectivity);
}

/* values that stand for all rows of one side of a join, each for a share */
typedef struct Sample
{
	int			count;
	Datum		values[2 * JOIN_SAMPLE];
	double		shares[2 * JOIN_SAMPLE];
} Sample;

/* the most common values, as far as there is room; returns their share */
static double
sample_common(Sample *sample, HeapTuple stats)
{
	AttStatsSlot common = {0};
	double		total = 0;

	(void) get_attstatsslot(&common, stats, STATISTIC_KIND_MCV, InvalidOid,
							ATTSTATSSLOT_VALUES | ATTSTATSSLOT_NUMBERS);
	for (int i = 0; i < Min(common.nvalues, JOIN_SAMPLE); i++)
	{
		sample->values[sample->count] = datumCopy(common.values[i], false, sizeof(CurrencyPrice));
		sample->shares[sample->count++] = common.numbers[i];
		total += common.numbers[i];
	}
	free_attstatsslot(&common);
	return total;
}

/* values at even distances in the histogram, which share what is left */
static void
sample_histogram(Sample *sample, HeapTuple stats, double share)
{
	AttStatsSlot histogram = {0};
	int			count;

	(void) get_attstatsslot(&histogram, stats, STATISTIC_KIND_HISTOGRAM, InvalidOid,
							ATTSTATSSLOT_VALUES);
	count = Min(histogram.nvalues, JOIN_SAMPLE);
	for (int i = 0; i < count; i++)
	{
		Datum		value = histogram.values[(int64) i * histogram.nvalues / count];

		sample->values[sample->count] = datumCopy(value, false, sizeof(CurrencyPrice));
		sample->shares[sample->count++] = share / count;
	}
	free_attstatsslot(&histogram);
}

/* false where there are no statistics */
static bool
take_sample(Sample *sample, VariableStatData *vardata)
{
	double		share;

	sample->count = 0;
	if (!HeapTupleIsValid(vardata->statsTuple))
		return false;
	share = 1 - ((Form_pg_statistic) GETSTRUCT(vardata->statsTuple))->stanullfrac;
	share -= sample_common(sample, vardata->statsTuple);
	sample_histogram(sample, vardata->statsTuple, Max(0, share));
	return sample->count > 0;
}

/* share of the pairs of which the operator is true, neither false nor unknown */
static double
pairs_selectivity(Oid operator, const Sample *left, const Sample *right)
{
	LOCAL_FCINFO(fcinfo, 2);
	FmgrInfo	function;
	double		selectivity = 0;

	fmgr_info(get_opcode(operator), &function);
	InitFunctionCallInfoData(*fcinfo, &function, 2, InvalidOid, NULL, NULL);
	fcinfo->args[0].isnull = false;
	fcinfo->args[1].isnull = false;
	for (int i = 0; i < left->count; i++)
		for (int j = 0; j < right->count; j++)
		{
			Datum		result;

			fcinfo->args[0].value = left->values[i];
			fcinfo->args[1].value = right->values[j];
			fcinfo->isnull = false;
			result = FunctionCallInvoke(fcinfo);
			if (!fcinfo->isnull && DatumGetBool(result))
				selectivity += left->shares[i] * right->shares[j];
		}
	return selectivity;
}

PG_FUNCTION_INFO_V1(currency_price_joinsel);
Datum
currency_price_joinsel(PG_FUNCTION_ARGS)
{
	VariableStatData vardata[2];
	Sample		left;
	Sample		right;
	bool		reversed;
	double		selectivity = DEFAULT_INEQ_SEL;

	if (price_comparison_strategy(get_opcode(PG_GETARG_OID(1))) == InvalidStrategy)
		PG_RETURN_FLOAT8(DEFAULT_INEQ_SEL);
	get_join_variables((PlannerInfo *) PG_GETARG_POINTER(0), (List *) PG_GETARG_POINTER(2),
					   (SpecialJoinInfo *) PG_GETARG_POINTER(4),
					   &vardata[0], &vardata[1], &reversed);
	if (take_sample(&left, &vardata[0]) && take_sample(&right, &vardata[1]))
		selectivity = pairs_selectivity(PG_GETARG_OID(1), &left, &right);
	ReleaseVariableStats(vardata[0]);
	ReleaseVariableStats(vardata[1]);
	CLAMP_PROBABILITY(selectivity);
	PG_RETURN_FLOAT8(selectivity);
}
