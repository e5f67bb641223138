/*
 * normal.h: conditions in the form that is kept.
 */
#ifndef SEGMENTATION_RULE_NORMAL_H
#define SEGMENTATION_RULE_NORMAL_H

#include "segmentation.h"

#include "nodes/nodes.h"

extern Node *rule_normalise(Node *expr);
extern bool rule_is_same(Node *a, Node *b);

#endif							/* SEGMENTATION_RULE_NORMAL_H */
