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

#include "access/htup_details.h"
#include "catalog/pg_operator.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "key.h"
#include "decide/compile.h"
#include "decide/fence.h"
#include "decide/program.h"
#include "decide/reference.h"
#include "model/model.h"
#include "override/override.h"
#include "rule/rule.h"

/* "model/segment" */
#define NAME_LEN (2 * SEGMENT_ID_MAX_LEN + 2)

typedef struct NamedSegment
{
	char		name[NAME_LEN]; /* hash key */
	CompiledSegment *segment;
} NamedSegment;

typedef struct Analysis
{
	Compilation *result;
	HTAB	   *segments;		/* NamedSegment, of all models that were read */
	const List *kept;
	List	   *path;			/* CompiledSegment *, whose rules are being followed */
} Analysis;

static void follow(Analysis *analysis, CompiledSegment *segment);

static char *
segment_name(const char *model, const char *segment)
{
	return psprintf("%s/%s", model, segment);
}

static CompiledSegment *
find_segment(const Analysis *analysis, const char *model, const char *segment)
{
	NamedSegment *entry = hash_search(analysis->segments, segment_name(model, segment), HASH_FIND, NULL);

	return entry ? entry->segment : NULL;
}

static bool
is_named(const List *names, const char *name)
{
	ListCell   *cell;

	foreach(cell, names)
		if (strcmp(lfirst(cell), name) == 0)
			return true;
	return false;
}

static void
add_model(Analysis *analysis, const Model *model)
{
	CompiledSegment *lower = NULL;
	bool		stored = reference_reads_answers(analysis->result->model, model);
	ListCell   *cell;

	analysis->result->models = lappend(analysis->result->models, unconstify(Model *, model));
	foreach(cell, model->segments)
	{
		const ModelSegment *segment = lfirst(cell);
		CompiledSegment *compiled = palloc0(sizeof(CompiledSegment));
		char	   *name = segment_name(model->id, segment->id);
		NamedSegment *entry = hash_search(analysis->segments, name, HASH_ENTER, NULL);

		compiled->model = model;
		compiled->segment = segment;
		compiled->last = lnext(model->segments, cell) == NULL;
		compiled->lower = lower;
		compiled->stored = stored;
		compiled->kept = is_named(analysis->kept, name);
		compiled->culprit = compiled->kept ? compiled : NULL;
		entry->segment = compiled;
		lower = compiled;
	}
}

static void
need_model(Analysis *analysis, const char *id)
{
	Model	   *other;
	ListCell   *cell;

	foreach(cell, analysis->result->models)
		if (strcmp(((Model *) lfirst(cell))->id, id) == 0)
			return;
	other = model_read(id);
	reference_check(analysis->result->model, other);
	add_model(analysis, other);
}

pg_noreturn static void
raise_cycle(const Analysis *analysis, const CompiledSegment *segment)
{
	StringInfoData buf;
	ListCell   *cell;

	initStringInfo(&buf);
	foreach(cell, analysis->path)
	{
		CompiledSegment *step = lfirst(cell);

		if (buf.len > 0 || step == segment)
			appendStringInfo(&buf, "%s/%s, ", step->model->id, step->segment->id);
	}
	appendStringInfo(&buf, "%s/%s", segment->model->id, segment->segment->id);
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
			 errmsg("segments ask for each other"),
			 errdetail("The path is %s.", buf.data)));
	pg_unreachable();
}

static CompiledSegment *
need_segment(Analysis *analysis, const RuleReference *reference)
{
	CompiledSegment *result;

	need_model(analysis, reference->model);
	result = find_segment(analysis, reference->model, reference->segment);
	if (result == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("segment \"%s\" of model \"%s\" does not exist",
						reference->segment, reference->model)));
	return result;
}

static void
follow_references(Analysis *analysis, CompiledSegment *segment, const Rule *rule)
{
	ListCell   *cell;

	foreach(cell, rule->references)
	{
		CompiledSegment *needed;

		analysis->result->parsing = segment;
		needed = need_segment(analysis, lfirst(cell));
		follow(analysis, needed);
		segment->references = lappend(segment->references, needed);
		if (!segment->kept)
			segment->culprit = needed->kept ? needed->culprit : needed->undecided;
		segment->kept = segment->culprit != NULL;
	}
}

/* in an exclusive model, who has a segment of lower rank has no other */
static void
follow_lower_ranks(Analysis *analysis, CompiledSegment *segment)
{
	List	   *lower = NIL;

	for (CompiledSegment *next = segment->lower; next && !next->done; next = next->lower)
		lower = lappend(lower, next);
	for (int i = list_length(lower) - 1; i >= 0; i--)
		follow(analysis, list_nth(lower, i));
	if (segment->lower)
		segment->undecided = segment->lower->kept ? segment->lower->culprit : segment->lower->undecided;
}

/* without a rule: everyone else where it is the last of an exclusive model, nobody otherwise */
static char *
ruleless_line(const CompiledSegment *segment)
{
	return pstrdup(segment->model->kind == MODEL_EXCLUSIVE && segment->last ? "true" : "false");
}

/* the application's column as text; ids are compared in lower case, ASCII only */
char *
compile_segment_column(const Model *model)
{
	return psprintf("pg_catalog.lower(source.%s::pg_catalog.text COLLATE pg_catalog.\"C\")",
					quote_identifier(model->segment_column));
}

static char *
column_line(CompiledSegment *segment)
{
	segment->conditions = list_make1(psprintf("%s OPERATOR(pg_catalog.=) %s",
											  compile_segment_column(segment->model),
											  quote_literal_cstr(segment->segment->id)));
	segment->reads = list_make1(segment->model->segment_column);
	return pstrdup("1");
}

static char *
rule_line(Analysis *analysis, CompiledSegment *segment)
{
	const Model *model = segment->model;
	Rule	   *rule;

	analysis->result->parsing = segment;
	rule = rule_parse_kept(model->source, segment->segment->rule, model->id, model->time_zone);
	follow_references(analysis, segment, rule);
	analysis->result->parsing = segment;
	segment->reads = fence_reads(model->source, rule->expr);
	return rule_program(rule, model->time_zone, &segment->conditions);
}

static void
follow_rule(Analysis *analysis, CompiledSegment *segment)
{
	if (segment->kept || segment->stored)
		return;
	if (segment->model->kind == MODEL_COLUMN)
		segment->line = column_line(segment);
	else if (segment->segment->rule)
		segment->line = rule_line(analysis, segment);
	else
		segment->line = ruleless_line(segment);
}

static void
name_rule(void *arg)
{
	const CompiledSegment *segment = arg;

	errcontext("rule of segment \"%s\" of model \"%s\"", segment->segment->id, segment->model->id);
}

/* everything that the segment asks for comes before it */
static void
follow(Analysis *analysis, CompiledSegment *segment)
{
	ErrorContextCallback callback = {error_context_stack, name_rule, segment};

	check_stack_depth();
	CHECK_FOR_INTERRUPTS();
	if (segment->done)
		return;
	if (segment->open)
		raise_cycle(analysis, segment);
	segment->open = true;
	analysis->path = lappend(analysis->path, segment);
	if (segment->model->kind == MODEL_EXCLUSIVE && !segment->stored)
		follow_lower_ranks(analysis, segment);
	error_context_stack = &callback;
	follow_rule(analysis, segment);
	error_context_stack = callback.previous;
	analysis->path = list_delete_last(analysis->path);
	segment->done = true;
	analysis->result->segments = lappend(analysis->result->segments, segment);
}

static HTAB *
create_segments(void)
{
	HASHCTL		ctl = {0};

	ctl.keysize = NAME_LEN;
	ctl.entrysize = sizeof(NamedSegment);
	ctl.hcxt = CurrentMemoryContext;
	return hash_create("segments to be compiled", 64, &ctl,
					   HASH_ELEM | HASH_STRINGS | HASH_CONTEXT);
}

/* after an error the caller can see whose rule it was */
void
model_analyse_into(Compilation *compilation, const Model *model, const List *kept)
{
	Analysis	analysis = {.result = compilation, .kept = kept};
	ListCell   *cell;

	compilation->model = model;
	analysis.segments = create_segments();
	add_model(&analysis, model);
	if (model->kind != MODEL_COLUMN)
		foreach(cell, model->segments)
			follow(&analysis, find_segment(&analysis, model->id, ((ModelSegment *) lfirst(cell))->id));
	compilation->parsing = NULL;
	hash_destroy(analysis.segments);
}

Compilation *
model_analyse(const Model *model, const List *kept)
{
	Compilation *compilation = palloc0(sizeof(Compilation));

	model_analyse_into(compilation, model, kept);
	return compilation;
}

char *
compile_segment_name(const CompiledSegment *segment)
{
	return segment_name(segment->model->id, segment->segment->id);
}


typedef struct Printer
{
	const Compilation *compilation;
	List	   *conditions;		/* char *, of the program */
	StringInfoData lines;
	List	   *kept;			/* Model *, whose assignments are read */
	List	   *opened;			/* Model *, exclusive ones of which a segment was printed */
	List	   *overridden;		/* OverriddenModel * */
	List	   *joined;			/* those that are joined to the source, by their numbers */
} Printer;

/* "segment" of the own model, "model/segment" of another */
static char *
line_name(const Printer *printer, const char *model, const char *segment)
{
	if (strcmp(model, printer->compilation->model->id) == 0)
		return pstrdup(segment);
	return segment_name(model, segment);
}

/* how other lines name it */
static char *
reference_name(const Printer *printer, const char *model, const char *segment)
{
	char	   *name = line_name(printer, model, segment);

	return strchr(name, '/') ? name : psprintf("/%s", name);
}

static int
condition_number(Printer *printer, char *condition)
{
	ListCell   *cell;

	foreach(cell, printer->conditions)
		if (strcmp(lfirst(cell), condition) == 0)
			return foreach_current_index(cell) + 1;
	printer->conditions = lappend(printer->conditions, condition);
	return list_length(printer->conditions);
}

static void
print_token(Printer *printer, const CompiledSegment *segment, char *token)
{
	char	   *slash = strchr(token, '/');
	const char *model = token == slash ? segment->model->id : token;

	appendStringInfoChar(&printer->lines, ' ');
	if (isdigit((unsigned char) token[0]) && slash == NULL)
		appendStringInfo(&printer->lines, "%d",
						 condition_number(printer, list_nth(segment->conditions, atoi(token) - 1)));
	else if (slash)
	{
		*slash = '\0';
		appendStringInfoString(&printer->lines, reference_name(printer, model, slash + 1));
	}
	else
		appendStringInfoString(&printer->lines, token);
}

/* whether the customer was a member at the last refresh of the model */
static void
print_kept(Printer *printer, const CompiledSegment *segment)
{
	int			number = 1;
	char	   *condition;

	printer->kept = list_append_unique_ptr(printer->kept, unconstify(Model *, segment->model));
	while (list_nth(printer->kept, number - 1) != segment->model)
		number++;
	condition = psprintf("kept_%d.segmentation_segments OPERATOR(pg_catalog.@>) '{\"%s\"}'::%s.segment_id[]",
						 number, segment->segment->id, types_schema());
	appendStringInfo(&printer->lines, " %d", condition_number(printer, condition));
}

/* a register says that the customer may belong to an earlier segment whose rule fails */
static char *
undecided_name(const Model *model)
{
	return segment_name(model->id, "?");
}

static void
print_rule(Printer *printer, const CompiledSegment *segment)
{
	const char *undecided = undecided_name(segment->model);
	char	   *rest;

	if (segment->kept || segment->stored || segment->undecided)
		print_kept(printer, segment);
	if (segment->undecided && !segment->kept)
		appendStringInfo(&printer->lines, " %s and %s not", undecided, undecided);
	if (!segment->kept && !segment->stored)
		for (char *token = strtok_r(pstrdup(segment->line), " ", &rest); token; token = strtok_r(NULL, " ", &rest))
			print_token(printer, segment, token);
	if (segment->undecided && !segment->kept)
		appendStringInfoString(&printer->lines, " and or");
}

/* decisions that have ended by the last refresh count for none after it */
static OverriddenModel *
overrides_of(Printer *printer, const Model *model)
{
	const Model *own = printer->compilation->model;

	return override_model(&printer->overridden, model, own->as_of);
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
	OverriddenModel *overridden = overrides_of(printer, segment->model);
	const char *id = segment->segment->id;
	int			number;

	if (!override_is_about(overridden, id))
		return;
	number = join_number(printer, overridden);
	appendStringInfo(&printer->lines, " %d is_not_true and", condition_number(printer, override_takes_out(number, id)));
	appendStringInfo(&printer->lines, " %d is_true or", condition_number(printer, override_puts_in(number, id)));
}

/* whether the customer was put into one of the model's segments */
static void
print_put_in_any(Printer *printer, const Model *model)
{
	OverriddenModel *overridden = overrides_of(printer, model);

	if (overridden->segments == NIL)
		appendStringInfoString(&printer->lines, " false");
	else
		appendStringInfo(&printer->lines, " %d",
						 condition_number(printer, override_puts_in_any(join_number(printer, overridden))));
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
	OverriddenModel *overridden = overrides_of(printer, model);

	print_line_begin(printer, undecided_name(model));
	appendStringInfo(&printer->lines, " %s not", given);
	if (override_is_about(overridden, id))
		appendStringInfo(&printer->lines, " %d is_not_true and",
						 condition_number(printer, override_takes_out(join_number(printer, overridden), id)));
	if (segment->undecided)
		appendStringInfo(&printer->lines, " %s or", undecided_name(model));
}

/* the register of an exclusive model says that the customer has its segment already */
static void
print_exclusive(Printer *printer, const CompiledSegment *segment)
{
	const Model *model = segment->model;
	char	   *given = reference_name(printer, model->id, "");

	if (!list_member_ptr(printer->opened, model))
	{
		printer->opened = lappend(printer->opened, unconstify(Model *, model));
		print_line_begin(printer, given);
		print_put_in_any(printer, model);
	}
	print_line_begin(printer, line_name(printer, model->id, segment->segment->id));
	print_rule(printer, segment);
	appendStringInfo(&printer->lines, " %s not and", given);
	print_overrides(printer, segment);
	if (segment->last)
		return;
	if (segment->kept)
		print_undecided(printer, segment, given);
	print_line_begin(printer, given);
	appendStringInfo(&printer->lines, " %s %s or", given,
					 reference_name(printer, model->id, segment->segment->id));
}

static void
print_segment(Printer *printer, const CompiledSegment *segment)
{
	if (segment->model->kind == MODEL_EXCLUSIVE && !segment->stored)
	{
		print_exclusive(printer, segment);
		return;
	}
	print_line_begin(printer, line_name(printer, segment->model->id, segment->segment->id));
	print_rule(printer, segment);
	if (segment->stored)
		return;
	if (segment->model->kind == MODEL_COLUMN && overrides_of(printer, segment->model)->segments != NIL)
	{
		print_put_in_any(printer, segment->model);
		appendStringInfoString(&printer->lines, " not and");
	}
	print_overrides(printer, segment);
}

static void
print_segments(Printer *printer, StringInfo buf)
{
	ListCell   *cell;

	foreach(cell, printer->compilation->segments)
		print_segment(printer, lfirst(cell));
	appendStringInfo(buf, "segmentation.segments_of(\n"
					 "         -- each segment and what decides it: conditions by their numbers, and other segments\n"
					 "         '{%s}'::pg_catalog.text[],\n         ", printer->lines.data);
	program_print_conditions(buf, printer->conditions);
	appendStringInfoChar(buf, ')');
}

static void
print_column(Printer *printer, const Model *model, StringInfo buf)
{
	char	   *column = psprintf("source.%s", quote_identifier(model->segment_column));
	OverriddenModel *overridden = overrides_of(printer, model);
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
		appendStringInfo(buf, "%soverride_%d.segmentation_until", foreach_current_index(cell) > 0 ? ", " : "LEAST(",
						 ((OverriddenModel *) lfirst(cell))->number);
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

/* the own column is read twice */
static List *
all_reads(const Compilation *compilation)
{
	const Model *model = compilation->model;
	List	   *reads = NIL;
	ListCell   *cell;

	if (model->kind == MODEL_COLUMN)
		reads = list_make2(model->segment_column, model->segment_column);
	foreach(cell, compilation->segments)
		if (!((CompiledSegment *) lfirst(cell))->kept)
			reads = list_concat(reads, ((CompiledSegment *) lfirst(cell))->reads);
	return reads;
}

bool
compile_needs_fence(const Compilation *compilation)
{
	return !compilation->unfenced && fence_is_needed(compilation->model, all_reads(compilation));
}

/*
 * The compiled SELECT; segments that are kept are read from the stored answers.
 * Of everyone, or at least of those whose keys are in a relation.
 */
char *
model_compile_analysis(const Compilation *compilation, const char *keys)
{
	const Model *model = compilation->model;
	Printer		printer = {.compilation = compilation};
	StringInfoData buf;
	ListCell   *cell;

	initStringInfo(&buf);
	initStringInfo(&printer.lines);
	appendStringInfo(&buf, "-- model \"%s\", version %d; $1 is the moment as of which it is evaluated\n"
					 "SELECT %s,\n       ",
					 model->id, model->version, key_column_list(model->key, "source"));
	if (model->kind == MODEL_COLUMN)
		print_column(&printer, model, &buf);
	else
		print_segments(&printer, &buf);
	print_recheck(&printer, &buf);
	if (compile_needs_fence(compilation))
		appendStringInfoString(&buf, fence_text(model, all_reads(compilation), NULL, keys));
	else
		appendStringInfo(&buf, "%s AS source", relation_name(model->source));
	foreach(cell, printer.kept)
		print_kept_join(compilation, &buf, lfirst(cell), foreach_current_index(cell) + 1);
	foreach(cell, printer.joined)
		override_print_join(&buf, lfirst(cell));
	return buf.data;
}

char *
model_compile(const Model *model)
{
	return model_compile_analysis(model_analyse(model, NIL), NULL);
}
