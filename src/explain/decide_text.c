/*
 * decide_text.c: conditions as people write them.
 */
#include "segmentation.h"

#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/ruleutils.h"

#include "expression.h"
#include "option.h"
#include "explain/decide.h"

/* without the parentheses around the whole */
static char *
unparenthesised(char *text)
{
	size_t		length = strlen(text);
	int			depth = 0;
	char		quote = 0;

	if (text[0] != '(')
		return text;
	for (size_t i = 0; i < length; i++)
	{
		if (quote)
			quote = text[i] == quote ? 0 : quote;
		else if (text[i] == '\'' || text[i] == '"')
			quote = text[i];
		else if (text[i] == '(')
			depth++;
		else if (text[i] == ')' && --depth == 0 && i + 1 < length)
			return text;
	}
	return pnstrdup(text + 1, length - 2);
}

/* without the schemas that are near */
static char *
readable(const Decision *decision, Node *expr)
{
	int			save_nestlevel = NewGUCNestLevel();
	char	   *result;

	set_option("search_path", psprintf("pg_catalog, %s, segmentation, %s", types_schema(),
									   relation_schema(decision->model->source)));
	set_option("quote_all_identifiers", "off");
	result = unparenthesised(deparse_expression(expr, decision->names, false, false));
	AtEOXact_GUC(true, save_nestlevel);
	return result;
}

static char *
reference_text(const RuleReference *reference)
{
	return reference->own_model ? psprintf("in_segment('%s')", reference->segment) :
		psprintf("in_segment('%s', '%s')", reference->model, reference->segment);
}

char *
decide_condition_text(const Decision *decision, const DecidedSegment *segment, const Condition *condition)
{
	if (condition->reference)
		return reference_text(rule_reference(segment->rule, (FuncExpr *) condition->expr));
	if (condition->expr == NULL)
		return psprintf("%s = '%s'", quote_identifier(segment->model->segment_column), segment->segment->id);
	return readable(decision, condition->expr);
}
