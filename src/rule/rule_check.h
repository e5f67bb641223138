/*
 * rule_check.h: what a rule must not contain.
 */
#ifndef SEGMENTATION_RULE_RULE_CHECK_H
#define SEGMENTATION_RULE_RULE_CHECK_H

#include "segmentation.h"

#include "parser/parse_node.h"

#include "rule/rule.h"

extern List *rule_check_raw(ParseState *pstate, Node *raw);
extern void rule_check(ParseState *pstate, List *literals, Rule *rule);

#endif							/* SEGMENTATION_RULE_RULE_CHECK_H */
