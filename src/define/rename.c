/*
 * rename.c: a model's new id in the rules that ask for its segments.
 *
 * A rule may be one that can be read no more, for a column or the whole source is
 * gone, and is to be right when that comes back.  So its text is changed where the
 * id stands, without asking what the rest of it means.
 */
#include "segmentation.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "nodes/nodeFuncs.h"
#include "utils/builtins.h"
#include "utils/guc.h"

#include "expression.h"
#include "define/define.h"

typedef struct NamedRule
{
	char	   *model;
	char	   *segment;
	char	   *text;
} NamedRule;

typedef struct Renaming
{
	const char *text;			/* of the rule */
	const char *literal;		/* the id, as rules are kept */
	List	   *places;			/* of it, in the text */
} Renaming;

static bool
is_in_segment(const FuncCall *call)
{
	return list_length(call->funcname) == 2 && list_length(call->args) == 2 &&
		strcmp(strVal(linitial(call->funcname)), "segmentation") == 0 &&
		strcmp(strVal(lsecond(call->funcname)), "in_segment") == 0;
}

/* in_segment('model'::segment_id, 'segment'::segment_id) */
static bool
find_places(Node *node, void *context)
{
	Renaming   *renaming = context;

	if (node == NULL)
		return false;
	if (IsA(node, FuncCall) && is_in_segment((FuncCall *) node))
	{
		Node	   *model = linitial(((FuncCall *) node)->args);

		while (IsA(model, TypeCast))
			model = ((TypeCast *) model)->arg;
		if (IsA(model, A_Const) && ((A_Const *) model)->location >= 0 &&
			strncmp(renaming->text + ((A_Const *) model)->location, renaming->literal, strlen(renaming->literal)) == 0)
			renaming->places = lappend_int(renaming->places, ((A_Const *) model)->location);
	}
	return raw_expression_tree_walker(node, find_places, context);
}

static char *
renamed_text(const char *text, const char *from, const char *to)
{
	Renaming	renaming = {.text = text, .literal = quote_literal_cstr(from)};
	int			save_nestlevel = expression_enter_safe_path();
	StringInfoData buf;
	bool		is_empty;
	int			excess;
	int			done = 0;
	ListCell   *cell;

	(void) find_places(expression_parse(text, &is_empty, &excess), &renaming);
	AtEOXact_GUC(false, save_nestlevel);
	list_sort(renaming.places, list_int_cmp);
	initStringInfo(&buf);
	foreach(cell, renaming.places)
	{
		appendBinaryStringInfo(&buf, text + done, lfirst_int(cell) - done);
		appendStringInfoString(&buf, quote_literal_cstr(to));
		done = lfirst_int(cell) + strlen(renaming.literal);
	}
	appendStringInfoString(&buf, text + done);
	return buf.data;
}

static List *
rules_that_name(const char *model)
{
	List	   *rules = NIL;

	catalogue_execute("SELECT DISTINCT s.model::pg_catalog.text, s.id::pg_catalog.text, s.rule FROM segmentation.segment_reference r "
					  "JOIN segmentation.segment s ON s.model OPERATOR(@types@.=) r.model AND s.id OPERATOR(@types@.=) r.segment "
					  "WHERE r.to_model OPERATOR(@types@.=) $1::@types@.segment_id AND s.rule IS NOT NULL ORDER BY 1, 2",
					  1, OIDS(TEXTOID), DATUMS(CStringGetTextDatum(model)), NULL);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		NamedRule  *rule = palloc(sizeof(NamedRule));

		rule->model = catalogue_get(i, 1);
		rule->segment = catalogue_get(i, 2);
		rule->text = catalogue_get(i, 3);
		rules = lappend(rules, rule);
	}
	return rules;
}

/* of the model, its own and those of others, which refer to it by its new id already */
void
rename_in_rules(const char *from, const char *to)
{
	ListCell   *cell;

	foreach(cell, rules_that_name(to))
	{
		NamedRule  *rule = lfirst(cell);

		catalogue_execute("UPDATE segmentation.segment SET rule = $3 "
						  "WHERE model OPERATOR(@types@.=) $1::@types@.segment_id AND id OPERATOR(@types@.=) $2::@types@.segment_id",
						  3, OIDS(TEXTOID, TEXTOID, TEXTOID),
						  DATUMS(CStringGetTextDatum(rule->model), CStringGetTextDatum(rule->segment),
								 CStringGetTextDatum(renamed_text(rule->text, from, to))), NULL);
	}
}
