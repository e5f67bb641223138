/*
 * explain.h: who may be told a customer's segments, and why they are those.
 */
#ifndef SEGMENTATION_MODEL_EXPLAIN_H
#define SEGMENTATION_MODEL_EXPLAIN_H

#include "segmentation.h"

extern void explain_check_may_read(Oid relid);

#endif							/* SEGMENTATION_MODEL_EXPLAIN_H */
