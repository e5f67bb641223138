/*
 * exchange_rate_cache.c: the rates that one call of convert_currency in a query
 * has needed so far, and the way from one currency to another.
 *
 * A statement converts thousands of prices between few currencies, or one.  So
 * the first lookups in a pair read one rate each, and then all its rates are
 * read at once.
 */
#include "segmentation.h"

#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "market/exchange_rate.h"
#include "market/snapshot_key.h"

/* so many single rates of a pair are read before all of them */
#define SINGLE_READS 4

typedef struct Pair
{
	CurrencyCode from;
	CurrencyCode to;
} Pair;

typedef struct KnownRates
{
	Pair		pair;			/* hash key: base and quote */
	int			reads;
	ExchangeRates rates;
} KnownRates;

typedef struct KnownWay
{
	Pair		pair;			/* hash key */
	Days		days;			/* on which it is the way */
	Conversion	conversion;
	int			hub_count;		/* -1: not read */
	CurrencyCode *hubs;
} KnownWay;

struct ExchangeRateCache
{
	MemoryContext context;		/* of all below */
	SnapshotKey *seen;			/* NULL: nothing is known */
	HTAB	   *rates;
	HTAB	   *ways;
};

static const Days no_day = {DATEVAL_NOEND, DATEVAL_NOBEGIN};
static const Days all_days = {DATEVAL_NOBEGIN, DATEVAL_NOEND};

static inline bool
is_within(DateADT day, Days days)
{
	return day >= days.first && day <= days.last;
}

static HTAB *
create_rate_table(ExchangeRateCache *cache, const char *name, Size entry_size)
{
	HASHCTL		ctl = {0};

	ctl.keysize = sizeof(Pair);
	ctl.entrysize = entry_size;
	ctl.hcxt = cache->context;
	return hash_create(name, 16, &ctl, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

static void
start_anew(ExchangeRateCache *cache)
{
	MemoryContext old;

	cache->seen = NULL;
	MemoryContextReset(cache->context);
	cache->rates = create_rate_table(cache, "exchange rates", sizeof(KnownRates));
	cache->ways = create_rate_table(cache, "conversions", sizeof(KnownWay));
	old = MemoryContextSwitchTo(cache->context);
	cache->seen = snapshot_key_make(GetActiveSnapshot());
	MemoryContextSwitchTo(old);
}

/* what is known under the snapshot of the statement that is running */
ExchangeRateCache *
exchange_rate_cache(FmgrInfo *flinfo)
{
	ExchangeRateCache *cache = flinfo->fn_extra;

	if (cache == NULL)
	{
		cache = MemoryContextAllocZero(flinfo->fn_mcxt, sizeof(ExchangeRateCache));
		cache->context = AllocSetContextCreate(flinfo->fn_mcxt, "exchange rates",
											   ALLOCSET_SMALL_SIZES);
		flinfo->fn_extra = cache;
	}
	if (cache->seen == NULL || !snapshot_key_matches(cache->seen, GetActiveSnapshot()))
		start_anew(cache);
	return cache;
}

/* reads at least what holds on a day; nothing is lost where that fails */
static void
read_more(ExchangeRateCache *cache, KnownRates *known, DateADT day)
{
	MemoryContext old = MemoryContextSwitchTo(cache->context);

	if (known->reads++ < SINGLE_READS)
		known->rates = exchange_rates_around(known->pair.from, known->pair.to, day);
	else
		known->rates = exchange_rates_all(known->pair.from, known->pair.to);
	MemoryContextSwitchTo(old);
}

static const ExchangeRates *
rates_on(ExchangeRateCache *cache, CurrencyCode base, CurrencyCode quote, DateADT day)
{
	Pair		pair = {base, quote};
	bool		found;
	KnownRates *known = hash_search(cache->rates, &pair, HASH_ENTER, &found);

	if (!found)
	{
		known->reads = 0;
		known->rates.known = no_day;
	}
	if (!is_within(day, known->rates.known))
		read_more(cache, known, day);
	return &known->rates;
}

/*
 * The latest rate up to a day, NULL if there is none; narrows days to those on
 * which it is.
 */
static const ExchangeRate *
rate_on(const ExchangeRates *rates, DateADT day, Days *days)
{
	int			low = 0;
	int			high = rates->count;	/* the first rate after day */

	while (low < high)
	{
		int			middle = low + (high - low) / 2;

		if (rates->rates[middle].valid_from <= day)
			low = middle + 1;
		else
			high = middle;
	}
	days->first = Max(days->first, high > 0 ? rates->rates[high - 1].valid_from : rates->known.first);
	days->last = Min(days->last, high < rates->count ? rates->rates[high].valid_from - 1 : rates->known.last);
	return high > 0 ? &rates->rates[high - 1] : NULL;
}

/* the later one of the rates between two currencies; on the same day, the direct one */
static ConversionStep
find_step(ExchangeRateCache *cache, CurrencyCode from, CurrencyCode to, DateADT day, Days *days)
{
	const ExchangeRate *direct = rate_on(rates_on(cache, from, to, day), day, days);
	const ExchangeRate *inverse = rate_on(rates_on(cache, to, from, day), day, days);
	ConversionStep step;

	step.inverse = inverse != NULL &&
		(direct == NULL || inverse->valid_from > direct->valid_from);
	step.rate = step.inverse ? inverse : direct;
	return step;
}

static void
read_hubs(ExchangeRateCache *cache, KnownWay *way)
{
	MemoryContext old = MemoryContextSwitchTo(cache->context);

	way->hub_count = exchange_rate_hubs(way->pair.from, way->pair.to, &way->hubs);
	MemoryContextSwitchTo(old);
}

/*
 * By a third currency that has rates with both: the one whose older rate is the
 * latest, the first by code among equals.
 */
static Conversion
find_conversion_by_hub(ExchangeRateCache *cache, KnownWay *way, DateADT day, Days *days)
{
	Conversion	best = {0};
	DateADT		best_day = DATEVAL_NOBEGIN;

	if (way->hub_count < 0)
		read_hubs(cache, way);
	for (int i = 0; i < way->hub_count; i++)
	{
		ConversionStep first = find_step(cache, way->pair.from, way->hubs[i], day, days);
		ConversionStep second = find_step(cache, way->hubs[i], way->pair.to, day, days);

		if (first.rate != NULL && second.rate != NULL &&
			Min(first.rate->valid_from, second.rate->valid_from) > best_day)
		{
			best_day = Min(first.rate->valid_from, second.rate->valid_from);
			best.count = 2;
			best.steps[0] = first;
			best.steps[1] = second;
		}
	}
	return best;
}

static void
find_way(ExchangeRateCache *cache, KnownWay *way, DateADT day)
{
	Days		days = all_days;
	Conversion	conversion;

	conversion.steps[0] = find_step(cache, way->pair.from, way->pair.to, day, &days);
	conversion.count = 1;
	if (conversion.steps[0].rate == NULL)
		conversion = find_conversion_by_hub(cache, way, day, &days);
	way->conversion = conversion;
	way->days = days;
}

/* how to get from one currency to another by the rates of a day */
const Conversion *
exchange_rate_conversion(ExchangeRateCache *cache, CurrencyCode from, CurrencyCode to, DateADT day)
{
	Pair		pair = {from, to};
	bool		found;
	KnownWay   *way = hash_search(cache->ways, &pair, HASH_ENTER, &found);

	if (!found)
	{
		way->days = no_day;
		way->hub_count = -1;
	}
	if (!is_within(day, way->days))
		find_way(cache, way, day);
	return &way->conversion;
}
