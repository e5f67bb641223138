/*
 * expression.h: boolean expressions over a table's columns that users write as
 * text, and that are kept as text.
 */
#ifndef SEGMENTATION_EXPRESSION_H
#define SEGMENTATION_EXPRESSION_H

#include "segmentation.h"

#include "nodes/pg_list.h"
#include "utils/rel.h"

extern int	expression_enter_safe_path(void);
extern void expression_point_into(const char *text);
extern Node *expression_parse(const char *text, bool *is_empty, int *excess);
extern char *expression_deparse(Node *expr, List *context, bool prefixed);
extern List *expression_column_names(Node *expr, Relation rel);
extern List *expression_columns(Node *expr);
extern char *expression_operator(Oid operid);

#endif							/* SEGMENTATION_EXPRESSION_H */
