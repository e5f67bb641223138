/*
 * reference.h: what a rule that asks for another model's segment gets.
 */
#ifndef SEGMENTATION_DECIDE_REFERENCE_H
#define SEGMENTATION_DECIDE_REFERENCE_H

#include "segmentation.h"

#include "model/model.h"

/* answer.c */
extern void answer_check_key(Oid assignment, const List *columns);

/* reference.c */
extern bool reference_reads_answers(const Model *asking, const Model *asked);
extern char *reference_versions(const Model *model);
extern void reference_check(const Model *asking, const Model *asked);
extern char *reference_answer(const Model *asked);
extern char *reference_member(const Model *asked, const char *segment);

#endif							/* SEGMENTATION_DECIDE_REFERENCE_H */
