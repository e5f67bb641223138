/*
 * decide.h: the rules of a model decided for one customer, condition by
 * condition, so that an answer can be explained.
 */
#ifndef SEGMENTATION_EXPLAIN_DECIDE_H
#define SEGMENTATION_EXPLAIN_DECIDE_H

#include "segmentation.h"

#include "key.h"
#include "decide/program.h"
#include "model/model.h"
#include "rule/rule.h"

/* what stands between AND, OR, NOT and IS TRUE of a rule, once */
typedef struct Condition
{
	Node	   *expr;			/* as it stands in the rule; NULL: of a column */
	List	   *columns;		/* char *, that it reads */
	struct DecidedSegment *reference;	/* of in_segment */
	Ternary		value;
} Condition;

/* a person's decision about a customer, which beats the rule */
typedef struct Override
{
	bool		member;
	char	   *reason;			/* NULL, like the author, in another model than the decision's */
	char	   *author;
	char	   *expires_at;		/* NULL: never */
} Override;

typedef struct DecidedSegment
{
	const Model *model;
	const ModelSegment *segment;
	struct DecidedSegment *lower;	/* the one before it in the order of rank */
	bool		last;			/* in that order */
	bool		stored;			/* its members are read from the answers of its model */
	const Rule *rule;			/* NULL: none, or a column's */
	Node	   *tree;			/* its parameters are the conditions, from 1 */
	List	   *conditions;		/* Condition * */
	char	   *sql;			/* those that are no in_segment, with a comma between; NULL: none */
	Ternary		value;			/* of the rule */
	Override   *override;		/* NULL: none that counts */
	bool		member;
	struct DecidedSegment *taken_by;	/* in an exclusive model: who has the customer already */
	struct DecidedSegment *undecided;	/* ...: the first before it that the customer may belong to, which could not be
										 * decided */
	char	   *error;			/* why it could not be decided */
} DecidedSegment;

typedef struct Decision
{
	const Model *model;
	TimestampTz as_of;
	List	   *models;			/* Model *, whose segments are known */
	List	   *known;			/* DecidedSegment * */
	List	   *order;			/* those that are needed, what they ask for first */
	List	   *columns;		/* char *, that conditions read */
	char	  **values;			/* of these columns */
	List	   *names;			/* of the source's columns, as deparsing wants them: made once, for it compares each
								 * with each */
} Decision;

/* decide_collect.c */
extern char *decide_conditions_sql(const Decision *decision, const DecidedSegment *segment);
extern Decision *decide_collect_readable(const Model *model);
extern const char *decide_column_value(const Decision *decision, const char *name);
extern DecidedSegment *decide_find(const Decision *decision, const char *model, const char *segment);

/* decide_text.c */
extern char *decide_condition_text(const Decision *decision, const DecidedSegment *segment,
								   const Condition *condition);

/* decide_value.c */
extern Ternary decide_tree(const DecidedSegment *segment, Node *tree,
						   const Condition *flipped, Ternary value);
extern void decide_members(Decision *decision);

/* decide_override.c */
extern void decide_read_overrides(Decision *decision, const KeyValues *key);

/* decide_fetch.c */
extern void decide_check_one_row(const Model *model);
extern char *decide_key_text(ArrayType *key);
extern char *decide_row_source(const Model *model, const char *row);
extern bool decide_customer(Decision *decision, const KeyValues *key);
extern void decide_row(Decision *decision, const KeyValues *row);

#endif							/* SEGMENTATION_EXPLAIN_DECIDE_H */
