/*
 * program.c: reads and runs the program that makes segments of conditions.
 */
#include "segmentation.h"

#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "port/pg_bitutils.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"

#include "decide/program.h"

#define MAX_NAME_LEN (2 * SEGMENT_ID_MAX_LEN + 2)
#define MEMBER_WORD 64

typedef struct NamedLine
{
	char		name[MAX_NAME_LEN]; /* hash key */
	int			line;
} NamedLine;

typedef struct Parser
{
	Program    *program;
	HTAB	   *names;
	ProgramLine *line;			/* being read */
	const char *text;			/* of that line */
	int			depth;			/* of the stack after what was read of it */
	int			max_depth;
} Parser;

typedef struct Keyword
{
	const char *word;
	int			operands;
	ProgramOp	op;
} Keyword;

static const Keyword keywords[] = {
	{"and", 2, {PROGRAM_AND, 0}},
	{"or", 2, {PROGRAM_OR, 0}},
	{"not", 1, {PROGRAM_NOT, 0}},
	{"is_true", 1, {PROGRAM_IS, TERNARY_TRUE}},
	{"is_not_true", 1, {PROGRAM_IS_NOT, TERNARY_TRUE}},
	{"is_false", 1, {PROGRAM_IS, TERNARY_FALSE}},
	{"is_not_false", 1, {PROGRAM_IS_NOT, TERNARY_FALSE}},
	{"is_unknown", 1, {PROGRAM_IS, TERNARY_NULL}},
	{"is_not_unknown", 1, {PROGRAM_IS_NOT, TERNARY_NULL}},
	{"true", 0, {PROGRAM_CONSTANT, TERNARY_TRUE}},
	{"false", 0, {PROGRAM_CONSTANT, TERNARY_FALSE}},
	{"null", 0, {PROGRAM_CONSTANT, TERNARY_NULL}}
};

pg_noreturn static void
bad_line(const Parser *parser, const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid line of a program of segments: \"%s\"", parser->text),
			 errdetail_internal("%s", detail)));
	pg_unreachable();
}

static int
find_line(const Parser *parser, const char *name)
{
	/* the own model's segments have no slash in the names of their lines */
	const char *key = name[0] == '/' && name[1] != '\0' ? name + 1 : name;
	NamedLine  *entry = strlen(key) < MAX_NAME_LEN ?
	hash_search(parser->names, key, HASH_FIND, NULL) : NULL;

	if (entry == NULL)
		bad_line(parser, psprintf("No earlier line decides \"%s\".", name));
	return entry->line;
}

static void
append_op(Parser *parser, ProgramOpcode opcode, int arg, int operands)
{
	if (parser->depth < operands)
		bad_line(parser, "An operand is missing.");
	parser->depth += 1 - operands;
	parser->max_depth = Max(parser->max_depth, parser->depth);
	parser->line->ops[parser->line->nops].opcode = opcode;
	parser->line->ops[parser->line->nops++].arg = arg;
}

static void
read_condition(Parser *parser, const char *token)
{
	char	   *end;
	long		number = strtol(token, &end, 10);
	Program    *program = parser->program;

	if (*end != '\0' || number < 1 || number > 1000000)
		bad_line(parser, psprintf("\"%s\" is not the number of a condition.", token));
	program->nwords = Max(program->nwords, (int) (number - 1) / FLAGS_WIDTH + 1);
	append_op(parser, PROGRAM_CONDITION, (int) number - 1, 0);
}

static void
read_token(Parser *parser, const char *token)
{
	if (strchr(token, '/'))
	{
		append_op(parser, PROGRAM_LINE, find_line(parser, token), 0);
		return;
	}
	for (size_t i = 0; i < lengthof(keywords); i++)
		if (strcmp(token, keywords[i].word) == 0)
		{
			append_op(parser, keywords[i].op.opcode, keywords[i].op.arg, keywords[i].operands);
			return;
		}
	read_condition(parser, token);
}

static void
read_name(Parser *parser, const char *name)
{
	ProgramLine *line = parser->line;
	NamedLine  *entry;

	if (strlen(name) >= MAX_NAME_LEN)
		bad_line(parser, "The name is too long.");
	line->name = pstrdup(name);
	line->is_segment = strchr(name, '/') == NULL;
	if (line->is_segment)
		segment_id_parse(name, strlen(name), &line->id, NULL);
	entry = hash_search(parser->names, name, HASH_ENTER, NULL);
	entry->line = line - parser->program->lines;
}

static void
read_line(Parser *parser, char *text)
{
	char	   *equals;
	char	   *token;
	char	   *rest;

	parser->text = pstrdup(text);
	parser->depth = 0;
	parser->line->ops = palloc(sizeof(ProgramOp) * (strlen(text) / 2 + 1));
	equals = strstr(text, " = ");
	if (equals == NULL)
		bad_line(parser, "It is not a name, \" = \" and tokens.");
	*equals = '\0';
	for (token = strtok_r(equals + 3, " ", &rest); token; token = strtok_r(NULL, " ", &rest))
		read_token(parser, token);
	if (parser->depth != 1)
		bad_line(parser, "It does not come to one value.");
	parser->line->condition = parser->line->nops == 1 &&
		parser->line->ops[0].opcode == PROGRAM_CONDITION ? parser->line->ops[0].arg : -1;
	read_name(parser, text);
}

static int
compare_lines(const void *a, const void *b)
{
	return segment_id_compare(&(*(ProgramLine *const *) a)->id, &(*(ProgramLine *const *) b)->id);
}

static void
sort_segments(Program *program)
{
	ProgramLine **sorted = palloc(sizeof(ProgramLine *) * Max(program->nlines, 1));

	for (int i = 0; i < program->nlines; i++)
		if (program->lines[i].is_segment)
			sorted[program->nsegments++] = &program->lines[i];
	qsort(sorted, program->nsegments, sizeof(ProgramLine *), compare_lines);
	program->segments = palloc(sizeof(SegmentId) * Max(program->nsegments, 1));
	for (int i = 0; i < program->nsegments; i++)
	{
		if (i > 0 && compare_lines(&sorted[i - 1], &sorted[i]) == 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("a program decides segment \"%s\" twice", sorted[i]->name)));
		sorted[i]->place = i;
		program->segments[i] = sorted[i]->id;
	}
	program->members = palloc0(sizeof(uint64) * (program->nsegments / MEMBER_WORD + 1));
	pfree(sorted);
}

/* most segments are a condition of their own: those are read off the flags */
static void
find_direct(Program *program)
{
	program->direct = palloc0(sizeof(uint32) * (program->nwords + 1));
	program->direct_place = palloc0(sizeof(int) * (program->nwords + 1) * FLAGS_WIDTH);
	for (int i = 0; i < program->nlines; i++)
	{
		ProgramLine *line = &program->lines[i];
		int			condition = line->condition;
		uint32		bit = condition < 0 ? 0 : (uint32) 1 << (condition % FLAGS_WIDTH);

		if (!line->is_segment || condition < 0)
			line->condition = -1;
		else if (program->direct[condition / FLAGS_WIDTH] & bit)
			line->condition = -1;	/* another one has the same condition */
		else
		{
			program->direct[condition / FLAGS_WIDTH] |= bit;
			program->direct_place[condition] = line->place;
		}
	}
}

static HTAB *
create_names(int nlines)
{
	HASHCTL		ctl = {0};

	ctl.keysize = MAX_NAME_LEN;
	ctl.entrysize = sizeof(NamedLine);
	ctl.hcxt = CurrentMemoryContext;
	return hash_create("lines of a program", Max(nlines, 16), &ctl,
					   HASH_ELEM | HASH_STRINGS | HASH_CONTEXT);
}

/* the program of a text[], in the memory context of the moment */
Program *
program_parse(ArrayType *array)
{
	Parser		parser = {0};
	Program    *program = palloc0(sizeof(Program));
	Datum	   *lines;
	bool	   *nulls;

	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &lines, &nulls, &program->nlines);
	program->lines = palloc0(sizeof(ProgramLine) * Max(program->nlines, 1));
	parser.program = program;
	parser.names = create_names(program->nlines);
	for (int i = 0; i < program->nlines; i++)
	{
		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("line %d of a program of segments is null", i + 1)));
		parser.line = &program->lines[i];
		read_line(&parser, TextDatumGetCString(lines[i]));
	}
	hash_destroy(parser.names);
	program->stack = palloc(sizeof(Ternary) * (parser.max_depth + 1));
	sort_segments(program);
	find_direct(program);
	return program;
}

static inline Ternary
and_of(Ternary a, Ternary b)
{
	if (a == TERNARY_FALSE || b == TERNARY_FALSE)
		return TERNARY_FALSE;
	return a == TERNARY_NULL || b == TERNARY_NULL ? TERNARY_NULL : TERNARY_TRUE;
}

static inline Ternary
or_of(Ternary a, Ternary b)
{
	if (a == TERNARY_TRUE || b == TERNARY_TRUE)
		return TERNARY_TRUE;
	return a == TERNARY_NULL || b == TERNARY_NULL ? TERNARY_NULL : TERNARY_FALSE;
}

static inline Ternary
not_of(Ternary a)
{
	return a == TERNARY_NULL ? TERNARY_NULL : a == TERNARY_TRUE ? TERNARY_FALSE : TERNARY_TRUE;
}

static Ternary
run_line(const Program *program, const ProgramLine *line, const int64 *flags)
{
	Ternary    *top = program->stack - 1;

	for (int i = 0; i < line->nops; i++)
	{
		ProgramOp	op = line->ops[i];

		switch (op.opcode)
		{
			case PROGRAM_CONDITION:
				*++top = program_condition(flags, op.arg);
				break;
			case PROGRAM_LINE:
				/* a segment has its members, and null is none */
				*++top = program->lines[op.arg].condition >= 0 ?
					program_condition(flags, program->lines[op.arg].condition) :
					program->lines[op.arg].value;
				*top = *top == TERNARY_TRUE ? TERNARY_TRUE : TERNARY_FALSE;
				break;
			case PROGRAM_CONSTANT:
				*++top = op.arg;
				break;
			case PROGRAM_AND:
				top--;
				*top = and_of(top[0], top[1]);
				break;
			case PROGRAM_OR:
				top--;
				*top = or_of(top[0], top[1]);
				break;
			case PROGRAM_NOT:
				*top = not_of(*top);
				break;
			case PROGRAM_IS:
				*top = (int) *top == op.arg ? TERNARY_TRUE : TERNARY_FALSE;
				break;
			case PROGRAM_IS_NOT:
				*top = (int) *top != op.arg ? TERNARY_TRUE : TERNARY_FALSE;
				break;
		}
	}
	return *top;
}

static inline void
add_member(Program *program, int place)
{
	program->members[place / MEMBER_WORD] |= UINT64CONST(1) << (place % MEMBER_WORD);
}

/* decides every segment; program->members is the answer */
void
program_run(Program *program, const int64 *flags)
{
	memset(program->members, 0, sizeof(uint64) * (program->nsegments / MEMBER_WORD + 1));
	for (int i = 0; i < program->nwords; i++)
	{
		uint32		members = (uint32) flags[i] & program->direct[i];

		for (; members; members &= members - 1)
			add_member(program, program->direct_place[i * FLAGS_WIDTH +
													  pg_rightmost_one_pos32(members)]);
	}
	for (int i = 0; i < program->nlines; i++)
	{
		ProgramLine *line = &program->lines[i];

		if (line->condition >= 0)
			continue;
		line->value = run_line(program, line, flags);
		if (line->is_segment && line->value == TERNARY_TRUE)
			add_member(program, line->place);
	}
}

/* ARRAY[segmentation_internal.flags(...), ...]: conditions as segments_of takes them */
void
program_print_conditions(StringInfo buf, const List *conditions)
{
	int			count = list_length(conditions);

	if (count == 0)
	{
		appendStringInfoString(buf, "'{}'::pg_catalog.int8[]");
		return;
	}
	appendStringInfoString(buf, "ARRAY[");
	for (int i = 0; i < count; i++)
	{
		if (i % FLAGS_WIDTH == 0)
			appendStringInfo(buf, "%ssegmentation_internal.flags(", i > 0 ? "),\n             " : "");
		else
			appendStringInfoChar(buf, ',');
		appendStringInfo(buf, "\n               /* %d */ %s", i + 1, (char *) list_nth(conditions, i));
	}
	appendStringInfoString(buf, ")]");
}
