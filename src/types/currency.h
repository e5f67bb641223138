/*
 * currency.h: the ISO 4217 codes, compiled in.
 */
#ifndef SEGMENTATION_TYPES_CURRENCY_H
#define SEGMENTATION_TYPES_CURRENCY_H

#include "segmentation.h"

#define CURRENCY_CODE_LEN 3
#define CURRENCY_NO_MINOR_UNITS (-1)

typedef struct Currency
{
	char		code[CURRENCY_CODE_LEN + 1];
	int16		numeric_code;	/* 0 where ISO gives none */
	int8		minor_units;	/* decimals of the minor unit, or none */
	bool		withdrawn;
	const char *name;
} Currency;

/* the entry of three letters in either case, NULL where ISO knows none */
extern const Currency *currency_lookup(const char *code, size_t len);

#endif							/* SEGMENTATION_TYPES_CURRENCY_H */
