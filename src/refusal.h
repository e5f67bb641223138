/*
 * refusal.h: errors of ours as their readers want them.
 */
#ifndef SEGMENTATION_REFUSAL_H
#define SEGMENTATION_REFUSAL_H

#include "segmentation.h"

#include "nodes/pg_list.h"

extern ErrorContextCallback *context_hide_own(void);
extern char *first_ten(List *names, const char *separator);

#endif							/* SEGMENTATION_REFUSAL_H */
