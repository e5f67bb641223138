/*
 * compat.h: the one place where PG_VERSION_NUM is looked at.
 */
#ifndef SEGMENTATION_COMPAT_H
#define SEGMENTATION_COMPAT_H

#if PG_VERSION_NUM < 150000
#error "segmentation needs PostgreSQL 15 or later"
#endif

/* VARDATA_ANY and its like have left postgres.h with 16 */
#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif

/*
 * Soft errors came with 16: there an input function reports through
 * ereturn(escontext, dummy, ...) with escontext = fcinfo->context, and
 * pg_input_is_valid() catches it.  Before, it can only throw.
 */
#if PG_VERSION_NUM >= 160000
#include "nodes/miscnodes.h"
#else
#define ereturn(escontext, dummy_value, ...) \
	do { (void) (escontext); ereport(ERROR, __VA_ARGS__); } while (0)
#endif

/* 18 spells it before the declaration, and no longer after */
#ifndef pg_noreturn
#define pg_noreturn pg_attribute_noreturn()
#endif

#endif							/* SEGMENTATION_COMPAT_H */
