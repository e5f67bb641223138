/*
 * segmentation.h: what every file includes first.
 */
#ifndef SEGMENTATION_H
#define SEGMENTATION_H

#include "postgres.h"

#include "fmgr.h"

#include "compat.h"

/* arguments of statements, as the indenter reads them too */
#define OIDS(...) (Oid[]) {__VA_ARGS__}
#define DATUMS(...) (Datum[]) {__VA_ARGS__}

#endif							/* SEGMENTATION_H */
