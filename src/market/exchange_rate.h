/*
 * exchange_rate.h: the rates between two currencies, and what a price is
 * multiplied and divided by to come from one to the other.
 */
#ifndef SEGMENTATION_MARKET_EXCHANGE_RATE_H
#define SEGMENTATION_MARKET_EXCHANGE_RATE_H

#include "segmentation.h"

#include "utils/date.h"
#include "utils/numeric.h"

#include "types/currency_price.h"

/* days from first to last */
typedef struct Days
{
	DateADT		first;
	DateADT		last;
} Days;

/* a row of the table, its rate also as an integer where that is short enough */
typedef struct ExchangeRate
{
	DateADT		valid_from;
	Numeric		rate;
	uint64		digits;			/* 0: not short enough */
	int			scale;
} ExchangeRate;

/* the rates of one pair, by day, as far as they are known */
typedef struct ExchangeRates
{
	Days		known;
	int			count;
	ExchangeRate *rates;
} ExchangeRates;

/* exchange_rate_read.c */
extern ExchangeRates exchange_rates_around(CurrencyCode base, CurrencyCode quote, DateADT day);
extern ExchangeRates exchange_rates_all(CurrencyCode base, CurrencyCode quote);
extern int	exchange_rate_hubs(CurrencyCode from, CurrencyCode to, CurrencyCode **hubs);

/* one step on the way: a rate, or the inverse of one */
typedef struct ConversionStep
{
	const ExchangeRate *rate;	/* NULL: there is none */
	bool		inverse;
} ConversionStep;

#define CONVERSION_STEPS 2

typedef struct Conversion
{
	int			count;			/* 0: there is no way */
	ConversionStep steps[CONVERSION_STEPS];
} Conversion;

/* exchange_rate_cache.c */
typedef struct ExchangeRateCache ExchangeRateCache;

extern ExchangeRateCache *exchange_rate_cache(FmgrInfo *flinfo);
extern const Conversion *exchange_rate_conversion(ExchangeRateCache *cache, CurrencyCode from,
												  CurrencyCode to, DateADT day);

#endif							/* SEGMENTATION_MARKET_EXCHANGE_RATE_H */
