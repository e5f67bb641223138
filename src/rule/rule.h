/*
 * rule.h: rules, the conditions over a source's columns that say who is in a
 * segment.
 */
#ifndef SEGMENTATION_RULE_RULE_H
#define SEGMENTATION_RULE_RULE_H

#include "segmentation.h"

#include "lib/stringinfo.h"
#include "nodes/pg_list.h"
#include "nodes/primnodes.h"
#include "utils/relcache.h"

/* what in_segment asks for */
typedef struct RuleReference
{
	char	   *model;
	char	   *segment;
	bool		own_model;		/* written without a model */
} RuleReference;

typedef struct Rule
{
	Oid			source;
	const char *model;			/* whose segments in_segment(id) means; NULL: none */
	const char *time_zone;		/* in which its moments are written */
	List	   *context;		/* in which its expressions are printed, with columns of "source" */
	Node	   *expr;			/* over range table entry 1; defaults of arguments are spelled out, clock and
								 * in_segment as written */
	List	   *columns;		/* names of the source's columns that it reads */
	List	   *references;		/* RuleReference *, distinct */
	bool		asks_clock;
	List	   *stable;			/* functions that may answer otherwise tomorrow */
} Rule;

/*
 * Of a rule as a program, in postfix order: exactly one of these.  What asks for
 * no segment is one condition, in which a part may guard another.
 */
typedef struct RuleToken
{
	char	   *condition;		/* SQL over the columns of "source" */
	RuleReference *reference;
	const char *word;			/* and, or, not, is_true and the like; true, false, null */
} RuleToken;

/* prints a reference as SQL of type boolean that is never NULL */
typedef void (*rule_reference_printer) (StringInfo buf, const RuleReference *reference, void *arg);

/* rule_parse.c */
extern void rule_check_source(Relation rel);
extern Rule *rule_parse(Oid source, const char *text, const char *model, const char *time_zone);
extern Rule *rule_parse_kept(Oid source, const char *text, const char *model, const char *time_zone);
extern void rule_notice_stable(const Rule *rule);

/* rule_functions.c: what a rule may call */
extern Oid	rule_extension_schema(void);
extern Oid	rule_type_namespace(Oid type);
extern bool rule_is_in_segment(Node *node);
extern bool rule_function_asks_clock(Oid function);
extern bool rule_function_is_documented(Oid function);

/* rule_clock.c */
extern Node *rule_bind_clock(Node *expr, const char *time_zone);

/* rule_text.c */
extern char *rule_deparse(const Rule *rule);
extern char *rule_negation(const Rule *rule, char **instead);
extern char *rule_condition_text(const Rule *rule, Node *condition);
extern bool rule_has_in_segment(Node *node);
extern char *rule_sql(const Rule *rule, rule_reference_printer print, void *arg);
extern RuleReference *rule_reference(const Rule *rule, FuncExpr *in_segment);

/* rule_program.c */
extern RuleToken *rule_condition(char *condition);
extern RuleToken *rule_word(const char *word);
extern List *rule_program(const Rule *rule);
extern List *rule_conditions(const List *program);

/* rule_currency.c */
extern List *rule_currency_clashes(const Rule *rule);

/* check_rule.c */
extern Datum rule_references_array(List *references);

#endif							/* SEGMENTATION_RULE_RULE_H */
