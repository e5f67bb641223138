/*
 * compile.c: all rules of a model as one SELECT, which makes one pass over the
 * source.
 *
 * What a rule asks of the source is a condition, computed into a flag; how the
 * flags and segments of segments come together is a program that segments_of
 * runs (program.h).  Spelling nested rules out in place would repeat them
 * without bound.
 */
#include "segmentation.h"

#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "decide/compile.h"
#include "decide/fence.h"
#include "decide/program.h"
#include "decide/reference.h"
#include "override/override.h"

typedef struct Printer
{
	const Compilation *compilation;
	const CompiledCustomers *customers;
	List	   *conditions;		/* char *, of the program */
	StringInfoData lines;
	List	   *kept;			/* Model *, whose assignments are read */
	List	   *opened;			/* Model *, exclusive ones of which a segment was printed */
	List	   *overridden;		/* OverriddenModel * */
	List	   *joined;			/* those that are joined to the source, by their numbers */
} Printer;

/* "segment" where it is of the answer, "model/segment" otherwise */
static char *
line_name(const Printer *printer, const char *model, const char *segment)
{
	if (printer->compilation->proposed == NULL && strcmp(model, printer->compilation->model->id) == 0)
		return pstrdup(segment);
	return compile_qualified_name(model, segment);
}

/* how other lines name it */
static char *
reference_name(const Printer *printer, const char *model, const char *segment)
{
	char	   *name = line_name(printer, model, segment);

	return strchr(name, '/') ? name : psprintf("/%s", name);
}

static int
number_of_condition(Printer *printer, const char *condition)
{
	ListCell   *cell;

	foreach(cell, printer->conditions)
	{
		if (strcmp(lfirst(cell), condition) == 0)
			return foreach_current_index(cell) + 1;
	}
	printer->conditions = lappend(printer->conditions, unconstify(char *, condition));
	return list_length(printer->conditions);
}

static void
print_program(Printer *printer, const CompiledSegment *segment)
{
	ListCell   *cell;

	foreach(cell, compile_program(segment))
	{
		const RuleToken *token = lfirst(cell);

		if (token->condition)
			appendStringInfo(&printer->lines, " %d", number_of_condition(printer, token->condition));
		else if (token->reference)
			appendStringInfo(&printer->lines, " %s",
							 reference_name(printer, token->reference->model, token->reference->segment));
		else
			appendStringInfo(&printer->lines, " %s", token->word);
	}
}

/* whether the customer was a member at the last refresh of the model */
static void
print_kept_member(Printer *printer, const CompiledSegment *segment)
{
	int			number = 1;
	char	   *condition;

	if (segment->segment == NULL)
	{
		appendStringInfoString(&printer->lines, " false");
		return;
	}
	printer->kept = list_append_unique_ptr(printer->kept, unconstify(Model *, segment->model));
	while (list_nth(printer->kept, number - 1) != segment->model)
		number++;
	condition = psprintf("kept_%d.segmentation_segments OPERATOR(pg_catalog.@>) '{\"%s\"}'::%s.segment_id[]",
						 number, segment->segment->id, types_schema());
	appendStringInfo(&printer->lines, " %d", number_of_condition(printer, condition));
}

/* a register says that the customer may belong to an earlier segment whose rule fails */
static char *
undecided_name(const Model *model)
{
	return compile_qualified_name(model->id, "?");
}

static void
print_rule_tokens(Printer *printer, const CompiledSegment *segment)
{
	const char *undecided = undecided_name(segment->model);

	if (segment->kept || segment->stored || segment->undecided)
		print_kept_member(printer, segment);
	if (segment->undecided && !segment->kept)
		appendStringInfo(&printer->lines, " %s and %s not", undecided, undecided);
	if (!segment->kept && !segment->stored)
		print_program(printer, segment);
	if (segment->undecided && !segment->kept)
		appendStringInfoString(&printer->lines, " and or");
}

/*
 * Decisions that have ended by the last refresh count for none after it, but a
 * proposed rule may be asked for a moment before.
 */
static OverriddenModel *
printed_overrides(Printer *printer, const Model *model)
{
	const Compilation *compilation = printer->compilation;
	static OverriddenModel nobody = {0};

	if (printer->customers->row)
		return &nobody;
	return override_model(&printer->overridden, model, compilation->proposed ? DT_NOBEGIN : compilation->model->as_of,
						  printer->customers->key);
}

static int
join_number(Printer *printer, OverriddenModel *overridden)
{
	if (overridden->number == 0)
	{
		printer->joined = lappend(printer->joined, overridden);
		overridden->number = list_length(printer->joined);
	}
	return overridden->number;
}

/* after what rule or rank say */
static void
print_overrides(Printer *printer, const CompiledSegment *segment)
{
	OverriddenModel *overridden = printed_overrides(printer, segment->model);
	const char *id;
	int			number;

	if (segment->segment == NULL || !override_is_about(overridden, segment->segment->id))
		return;
	id = segment->segment->id;
	number = join_number(printer, overridden);
	appendStringInfo(&printer->lines, " %d is_not_true and", number_of_condition(printer, override_takes_out(number, id)));
	appendStringInfo(&printer->lines, " %d is_true or", number_of_condition(printer, override_puts_in(number, id)));
}

/* whether the customer was put into one of the model's segments */
static void
print_put_in_any(Printer *printer, const Model *model)
{
	OverriddenModel *overridden = printed_overrides(printer, model);

	if (overridden->segments == NIL)
		appendStringInfoString(&printer->lines, " false");
	else
		appendStringInfo(&printer->lines, " %d",
						 number_of_condition(printer, override_puts_in_any(join_number(printer, overridden))));
}

static void
print_line_begin(Printer *printer, const char *name)
{
	appendStringInfo(&printer->lines, "%s\n         %s =", printer->lines.len > 0 ? "," : "", name);
}

/* who has no segment yet may belong to one whose rule fails, but for a decision that takes them out of it */
static void
print_undecided(Printer *printer, const CompiledSegment *segment, const char *given)
{
	const Model *model = segment->model;
	const char *id = segment->segment->id;
	OverriddenModel *overridden = printed_overrides(printer, model);

	print_line_begin(printer, undecided_name(model));
	appendStringInfo(&printer->lines, " %s not", given);
	if (override_is_about(overridden, id))
		appendStringInfo(&printer->lines, " %d is_not_true and",
						 number_of_condition(printer, override_takes_out(join_number(printer, overridden), id)));
	if (segment->undecided)
		appendStringInfo(&printer->lines, " %s or", undecided_name(model));
}

/* in an exclusive model whose lower ranks come first */
static bool
is_ranked(const CompiledSegment *segment)
{
	return segment->model->kind == MODEL_EXCLUSIVE && segment->segment && !segment->stored;
}

/* the register of an exclusive model says that the customer has its segment already */
static char *
given_name(const Printer *printer, const Model *model)
{
	return reference_name(printer, model->id, "");
}

static void
open_register(Printer *printer, const Model *model)
{
	if (list_member_ptr(printer->opened, model))
		return;
	printer->opened = lappend(printer->opened, unconstify(Model *, model));
	print_line_begin(printer, given_name(printer, model));
	print_put_in_any(printer, model);
}

/* a line that says whether the customer is in the segment */
static void
print_member(Printer *printer, const CompiledSegment *segment, const char *line)
{
	const Model *model = segment->model;

	if (is_ranked(segment))
		open_register(printer, model);
	print_line_begin(printer, line);
	print_rule_tokens(printer, segment);
	if (segment->stored)
		return;
	if (is_ranked(segment))
		appendStringInfo(&printer->lines, " %s not and", given_name(printer, model));
	else if (model->kind == MODEL_COLUMN && printed_overrides(printer, model)->segments != NIL)
	{
		print_put_in_any(printer, model);
		appendStringInfoString(&printer->lines, " not and");
	}
	print_overrides(printer, segment);
}

static void
print_segment_line(Printer *printer, const CompiledSegment *segment)
{
	const char *id = segment->segment->id;
	const Model *model = segment->model;
	char	   *given = given_name(printer, model);

	print_member(printer, segment, line_name(printer, model->id, id));
	if (!is_ranked(segment) || segment->last)
		return;
	if (segment->kept)
		print_undecided(printer, segment, given);
	print_line_begin(printer, given);
	appendStringInfo(&printer->lines, " %s %s or", given, reference_name(printer, model->id, id));
}

/* as ProposedRule says; the rule is looked at for itself, too */
static void
print_proposed(Printer *printer, const CompiledSegment *segment)
{
	const char *clash = printer->compilation->proposed->clash;

	print_member(printer, segment, PROPOSED_MEMBER);
	print_line_begin(printer, PROPOSED_UNKNOWN);
	print_program(printer, segment);
	appendStringInfoString(&printer->lines, " is_unknown");
	if (clash == NULL)
		return;
	print_line_begin(printer, PROPOSED_CLASH);
	appendStringInfo(&printer->lines, " %d", number_of_condition(printer, clash));
}

static void
print_segments(Printer *printer, StringInfo buf)
{
	const CompiledSegment *replaced = printer->compilation->replaced;
	ListCell   *cell;

	foreach(cell, printer->compilation->segments)
	{
		if (((CompiledSegment *) lfirst(cell))->proposed)
			print_proposed(printer, lfirst(cell));
		else
			print_segment_line(printer, lfirst(cell));
	}
	if (replaced)
	{
		print_line_begin(printer, PROPOSED_BEFORE);
		appendStringInfo(&printer->lines, " %s", reference_name(printer, replaced->model->id, replaced->segment->id));
	}
	appendStringInfo(buf, "segmentation_internal.segments_of(\n"
					 "         -- each segment and what decides it: conditions by their numbers, and other segments\n"
					 "         '{%s}'::pg_catalog.text[],\n         ", printer->lines.data);
	program_print_conditions(buf, printer->conditions);
	appendStringInfoChar(buf, ')');
}

static void
print_column(Printer *printer, const Model *model, StringInfo buf)
{
	char	   *column = psprintf("source.%s", quote_identifier(model->segment_column));
	OverriddenModel *overridden = printed_overrides(printer, model);
	char	   *id = psprintf("%s::pg_catalog.text::%s.segment_id", column, types_schema());

	appendStringInfoString(buf, "CASE ");
	if (overridden->segments != NIL)
	{
		int			number = join_number(printer, overridden);

		appendStringInfo(buf, "WHEN %s THEN override_%d.segmentation_in\n            "
						 "WHEN %s OPERATOR(%s.=) ANY (override_%d.segmentation_out) THEN '{}'\n            ",
						 override_puts_in_any(number), number, id, types_schema(), number);
	}
	appendStringInfo(buf, "WHEN %s IS NULL THEN '{}'::%s.segment_id[]\n            ELSE ARRAY[%s] END",
					 column, types_schema(), id);
}

/* the end of a decision is a moment at which the answer can change */
static void
print_recheck(const Printer *printer, StringInfo buf)
{
	ListCell   *cell;

	appendStringInfoString(buf, " AS segments,\n       ");
	if (printer->joined == NIL)
		appendStringInfoString(buf, "NULL::pg_catalog.timestamptz");
	foreach(cell, printer->joined)
	{
		appendStringInfo(buf, "%soverride_%d.segmentation_until", foreach_current_index(cell) > 0 ? ", " : "LEAST(",
						 ((OverriddenModel *) lfirst(cell))->number);
	}
	appendStringInfo(buf, "%s AS recheck_at\n  FROM ", printer->joined == NIL ? "" : ")");
}

static void
print_kept_join(const Compilation *compilation, StringInfo buf, const Model *model, int number)
{
	StringInfoData match;
	ListCell   *cell;

	initStringInfo(&match);
	appendStringInfo(buf, "\n       -- what the stored answer of model \"%s\" is\n", model->id);
	if (reference_reads_answers(compilation->model, model))
	{
		appendStringInfo(buf, "       CROSS JOIN LATERAL (SELECT %s AS segmentation_segments OFFSET 0) AS kept_%d",
						 reference_answer(model), number);
		return;
	}
	appendStringInfoString(buf, "       LEFT JOIN (SELECT segments AS segmentation_segments");
	foreach(cell, model->key)
	{
		int			n = foreach_current_index(cell) + 1;
		Oid			type = get_atttype(model->assignment, get_attnum(model->assignment, lfirst(cell)));

		appendStringInfo(buf, ", %s AS segmentation_key_%d", quote_identifier(lfirst(cell)), n);
		appendStringInfo(&match, "%s%s %s %s", n > 1 ? " AND " : "",
						 key_operand(type, "source", quote_identifier(lfirst(cell))), model_equality_operator(type),
						 key_operand(type, psprintf("kept_%d", number), psprintf("segmentation_key_%d", n)));
	}
	appendStringInfo(buf, " FROM %s) AS kept_%d ON %s",
					 relation_name(model->assignment), number, match.data);
}

bool
compile_needs_fence(const Compilation *compilation)
{
	return !compilation->unfenced && fence_is_needed(compilation->model, compile_reads(compilation));
}

/* "which" goes where the planner can use it, and not behind a fence */
static void
print_from(const Printer *printer, StringInfo buf)
{
	const Compilation *compilation = printer->compilation;
	const Model *model = compilation->model;
	const CompiledCustomers *customers = printer->customers;
	const char *which = customers->key ? key_condition(model->source, model->key, "source", 2) : customers->which;
	bool		fenced = customers->row == NULL && compile_needs_fence(compilation);
	ListCell   *cell;

	if (fenced)
		appendStringInfoString(buf, fence_text(model, compile_reads(compilation), which, customers->keys));
	else
		appendStringInfo(buf, "%s AS source", customers->row ? customers->row : relation_name(model->source));
	foreach(cell, printer->kept)
	{
		print_kept_join(compilation, buf, lfirst(cell), foreach_current_index(cell) + 1);
	}
	foreach(cell, printer->joined)
	{
		override_print_join(buf, lfirst(cell));
	}
	if (which && !fenced)
		appendStringInfo(buf, "\n WHERE %s", which);
}

/* the compiled SELECT; $1 is the moment as of which it is evaluated */
char *
compile_select(const Compilation *compilation, const CompiledCustomers *customers)
{
	static const CompiledCustomers everyone = {0};
	const Model *model = compilation->model;
	Printer		printer = {.compilation = compilation, .customers = customers ? customers : &everyone};
	StringInfoData buf;

	initStringInfo(&buf);
	initStringInfo(&printer.lines);
	appendStringInfo(&buf, "-- model \"%s\", version %d; $1 is the moment as of which it is evaluated\n"
					 "SELECT %s,\n       ",
					 model->id, model->version, key_column_list(model->key, "source"));
	if (model->kind == MODEL_COLUMN && compilation->proposed == NULL)
		print_column(&printer, model, &buf);
	else
		print_segments(&printer, &buf);
	print_recheck(&printer, &buf);
	print_from(&printer, &buf);
	return buf.data;
}
