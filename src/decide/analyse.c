/*
 * analyse.c: which segments decide the answers of a model, in which order, and
 * what their rules evaluate.
 */
#include "segmentation.h"

#include "miscadmin.h"
#include "utils/builtins.h"

#include "names.h"
#include "decide/compile.h"
#include "decide/fence.h"
#include "decide/reference.h"
#include "types/segment_id.h"

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

static void follow_segment(Analysis *analysis, CompiledSegment *segment);

char *
compile_qualified_name(const char *model, const char *segment)
{
	return psprintf("%s/%s", model, segment);
}

char *
compile_segment_name(const CompiledSegment *segment)
{
	return compile_qualified_name(segment->model->id, segment->segment->id);
}

static CompiledSegment *
find_compiled(const Analysis *analysis, const char *model, const char *segment)
{
	NamedSegment *entry = hash_search(analysis->segments, compile_qualified_name(model, segment), HASH_FIND, NULL);

	return entry ? entry->segment : NULL;
}

static void
add_segments(Analysis *analysis, const Model *model)
{
	CompiledSegment *lower = NULL;
	bool		stored = reference_reads_answers(analysis->result->model, model);
	ListCell   *cell;

	analysis->result->models = lappend(analysis->result->models, unconstify(Model *, model));
	foreach(cell, model->segments)
	{
		const ModelSegment *segment = lfirst(cell);
		CompiledSegment *compiled = palloc0(sizeof(CompiledSegment));
		char	   *name = compile_qualified_name(model->id, segment->id);
		NamedSegment *entry = hash_search(analysis->segments, name, HASH_ENTER, NULL);

		compiled->model = model;
		compiled->segment = segment;
		compiled->last = lnext(model->segments, cell) == NULL;
		compiled->lower = lower;
		compiled->stored = stored;
		compiled->kept = names_contain(analysis->kept, name);
		compiled->culprit = compiled->kept ? compiled : NULL;
		entry->segment = compiled;
		lower = compiled;
	}
}

static void
need_asked_model(Analysis *analysis, const char *id)
{
	Model	   *other;
	ListCell   *cell;

	foreach(cell, analysis->result->models)
	{
		if (strcmp(((Model *) lfirst(cell))->id, id) == 0)
			return;
	}
	other = model_read(id);
	reference_check(analysis->result->model, other);
	add_segments(analysis, other);
}

/* to a proposed rule the segment that it would replace is the fault of none that is read */
pg_noreturn static void
raise_cycle(const Analysis *analysis, const CompiledSegment *segment)
{
	StringInfoData buf;
	ListCell   *cell;

	if (analysis->result->proposed)
		analysis->result->parsing = NULL;
	initStringInfo(&buf);
	foreach(cell, analysis->path)
	{
		const CompiledSegment *step = lfirst(cell);

		if (buf.len > 0 || step->segment == segment->segment)
			appendStringInfo(&buf, "%s -> ", compile_segment_name(step));
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
			 errmsg("segment \"%s\" of model \"%s\" depends on itself", segment->segment->id, segment->model->id),
			 errdetail("They depend on each other in a circle: %s%s.", buf.data, compile_segment_name(segment))));
	pg_unreachable();
}

static CompiledSegment *
need_compiled(Analysis *analysis, const RuleReference *reference)
{
	CompiledSegment *result;

	need_asked_model(analysis, reference->model);
	result = find_compiled(analysis, reference->model, reference->segment);
	if (result == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("segment \"%s\" of model \"%s\" does not exist",
						reference->segment, reference->model)));
	return result;
}

/* of a rule that is no segment's yet whoever has written it is told the error */
static void
blame(Analysis *analysis, CompiledSegment *segment)
{
	analysis->result->parsing = segment->proposed ? NULL : segment;
}

static void
follow_references(Analysis *analysis, CompiledSegment *segment)
{
	ListCell   *cell;

	foreach(cell, segment->rule->references)
	{
		CompiledSegment *needed;

		blame(analysis, segment);
		needed = need_compiled(analysis, lfirst(cell));
		follow_segment(analysis, needed);
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
		follow_segment(analysis, list_nth(lower, i));
	if (segment->lower)
		segment->undecided = segment->lower->kept ? segment->lower->culprit : segment->lower->undecided;
}

/* NULL: none */
static const Rule *
rule_of(Analysis *analysis, CompiledSegment *segment)
{
	const Model *model = segment->model;

	blame(analysis, segment);
	if (segment->proposed)
		return analysis->result->proposed->rule;
	return segment->segment->rule ?
		rule_parse_kept(model->source, segment->segment->rule, model->id, model->time_zone) : NULL;
}

static void
follow_rule(Analysis *analysis, CompiledSegment *segment)
{
	if (segment->kept || segment->stored || segment->model->kind == MODEL_COLUMN)
		return;
	segment->rule = rule_of(analysis, segment);
	if (segment->rule)
		follow_references(analysis, segment);
}

static void
name_compiled_rule(void *arg)
{
	const CompiledSegment *segment = arg;

	if (!segment->proposed)
		errcontext("rule of segment \"%s\" of model \"%s\"", segment->segment->id, segment->model->id);
}

/* everything that the segment asks for comes before it */
static void
follow_segment(Analysis *analysis, CompiledSegment *segment)
{
	ErrorContextCallback callback = {error_context_stack, name_compiled_rule, segment};

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

/* the segment must not be asked for by what would replace it; it comes after it */
static void
follow_proposed(Analysis *analysis, const ProposedRule *proposed)
{
	Compilation *result = analysis->result;
	CompiledSegment *replaced = proposed->segment ? find_compiled(analysis, result->model->id, proposed->segment) : NULL;
	CompiledSegment *segment = palloc0(sizeof(CompiledSegment));

	segment->model = result->model;
	if (replaced)
	{
		segment->segment = replaced->segment;
		segment->lower = replaced->lower;
		segment->last = replaced->last;
		replaced->open = true;
	}
	segment->proposed = true;
	follow_segment(analysis, segment);
	if (replaced == NULL || !proposed->compared)
		return;
	replaced->open = false;
	follow_segment(analysis, replaced);
	result->replaced = replaced;
}

static HTAB *
create_compiled_names(void)
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
compile_analyse_into(Compilation *compilation, const Model *model, const List *kept, const ProposedRule *proposed)
{
	Analysis	analysis = {.result = compilation, .kept = kept};
	ListCell   *cell;

	compilation->model = model;
	compilation->proposed = proposed;
	analysis.segments = create_compiled_names();
	add_segments(&analysis, model);
	if (proposed)
		follow_proposed(&analysis, proposed);
	else if (model->kind != MODEL_COLUMN)
	{
		foreach(cell, model->segments)
		{
			follow_segment(&analysis, find_compiled(&analysis, model->id, ((ModelSegment *) lfirst(cell))->id));
		}
	}
	compilation->parsing = NULL;
	hash_destroy(analysis.segments);
}

Compilation *
compile_analyse(const Model *model, const List *kept, const ProposedRule *proposed)
{
	Compilation *compilation = palloc0(sizeof(Compilation));

	compile_analyse_into(compilation, model, kept, proposed);
	return compilation;
}

/* the application's column as text; ids are compared in lower case, ASCII only */
char *
compile_segment_column(const Model *model)
{
	return psprintf("pg_catalog.lower(source.%s::pg_catalog.text COLLATE pg_catalog.\"C\")",
					quote_identifier(model->segment_column));
}

/* RuleToken *; without a rule: everyone else where it is the last of an exclusive model, nobody otherwise */
List *
compile_program(const CompiledSegment *segment)
{
	const Model *model = segment->model;

	if (segment->rule)
		return rule_program(segment->rule);
	if (model->kind == MODEL_COLUMN)
		return list_make1(rule_condition(psprintf("%s OPERATOR(pg_catalog.=) %s", compile_segment_column(model),
												  quote_literal_cstr(segment->segment->id))));
	return list_make1(rule_word(model->kind == MODEL_EXCLUSIVE && segment->last ? "true" : "false"));
}

/* columns of the source, each as often as the SELECT reads it: the own column twice */
List *
compile_reads(const Compilation *compilation)
{
	const Model *model = compilation->model;
	List	   *reads = NIL;
	ListCell   *cell;

	if (model->kind == MODEL_COLUMN && !compilation->proposed)
		return list_make2(model->segment_column, model->segment_column);
	foreach(cell, compilation->segments)
	{
		const CompiledSegment *segment = lfirst(cell);

		if (segment->model->kind == MODEL_COLUMN && !segment->kept && !segment->stored)
			reads = lappend(reads, segment->model->segment_column);
		else if (segment->rule && (!segment->kept || segment->proposed))
			reads = list_concat(reads, fence_reads(model->source, segment->rule->expr));
	}
	return reads;
}
