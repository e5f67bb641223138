/*
 * fence.h: sources whose columns are computed once for each customer.
 */
#ifndef SEGMENTATION_DECIDE_FENCE_H
#define SEGMENTATION_DECIDE_FENCE_H

#include "segmentation.h"

#include "nodes/pg_list.h"

#include "trial.h"
#include "model/model.h"

extern List *fence_reads(Oid source, Node *expr);
extern bool fence_is_needed(const Model *model, const List *reads);
extern char *fence_choose(char *with, char *without);
extern char *fence_text(const Model *model, const List *reads, const char *which, const char *keys);
extern ErrorData *fence_trial(TrialFunction work, void *arg);

#endif							/* SEGMENTATION_DECIDE_FENCE_H */
