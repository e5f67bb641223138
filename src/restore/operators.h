/*
 * operators.h: the operators of expressions, to be compared.
 */
#ifndef SEGMENTATION_RESTORE_OPERATORS_H
#define SEGMENTATION_RESTORE_OPERATORS_H

#include "segmentation.h"

#include "access/htup.h"
#include "nodes/pg_list.h"
#include "utils/relcache.h"

extern bool collect_operators(Node *node, List **operators);
extern List *kept_operators(Relation catalog, HeapTuple tuple);

#endif							/* SEGMENTATION_RESTORE_OPERATORS_H */
