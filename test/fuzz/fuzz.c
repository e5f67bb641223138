/*
 * fuzz.c: feeds the input functions of every type with what libFuzzer makes up,
 * as text and as binary.
 *
 * The first byte of an input says which type and form, the rest is the value.
 * What is accepted must come back unchanged: its text and its binary form read
 * as the same bytes, and binary is sent as it was received.  States of
 * aggregates are then combined and finished.  server.c stands for the server.
 */
#include "segmentation.h"

#include <setjmp.h>

#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"

#include "server.h"

#define MAX_STEPS 4

/* what takes one or two values of a type; the result is of the type, or not looked at */
typedef struct Step
{
	PGFunction	function;
	int			arguments;
	bool		same_type;
} Step;

typedef struct Type
{
	const char *name;
	int			length;			/* -1: variable */
	PGFunction	in;
	PGFunction	out;
	PGFunction	recv;
	PGFunction	send;
	Step		steps[MAX_STEPS];
} Type;

#define TYPE(name) \
	extern Datum name##_in(PG_FUNCTION_ARGS); \
	extern Datum name##_out(PG_FUNCTION_ARGS); \
	extern Datum name##_recv(PG_FUNCTION_ARGS); \
	extern Datum name##_send(PG_FUNCTION_ARGS)
#define FUNCTIONS(name) name##_in, name##_out, name##_recv, name##_send

TYPE(segment_id);
TYPE(currency_price);
TYPE(currency_price_sum);
TYPE(tier_scale);
TYPE(revenue_tier_state);
TYPE(nps_tally);
TYPE(latest_nps_response);
TYPE(quantile_state);

extern Datum segment_id_cmp(PG_FUNCTION_ARGS);
extern Datum segment_id_hash(PG_FUNCTION_ARGS);
extern Datum currency_price_cmp(PG_FUNCTION_ARGS);
extern Datum currency_price_hash(PG_FUNCTION_ARGS);
extern Datum currency_price_add(PG_FUNCTION_ARGS);
extern Datum currency_price_sub(PG_FUNCTION_ARGS);
extern Datum currency_price_sum_combine(PG_FUNCTION_ARGS);
extern Datum currency_price_sum_final(PG_FUNCTION_ARGS);
extern Datum currency_price_avg_final(PG_FUNCTION_ARGS);
extern Datum revenue_tier_combine(PG_FUNCTION_ARGS);
extern Datum revenue_tier_final(PG_FUNCTION_ARGS);
extern Datum nps_tally_add(PG_FUNCTION_ARGS);
extern Datum nps_tally_subtract(PG_FUNCTION_ARGS);
extern Datum nps_tally_cmp(PG_FUNCTION_ARGS);
extern Datum nps_tally_hash(PG_FUNCTION_ARGS);
extern Datum latest_nps_response_combine(PG_FUNCTION_ARGS);
extern Datum quantile_combine(PG_FUNCTION_ARGS);

static const Type types[] = {
	{"segment_id", 16, FUNCTIONS(segment_id),
	{{segment_id_cmp, 2}, {segment_id_hash, 1}}},
	{"currency_price", 12, FUNCTIONS(currency_price),
		{{currency_price_cmp, 2}, {currency_price_hash, 1},
	{currency_price_add, 2, true}, {currency_price_sub, 2, true}}},
	{"currency_price_sum", 32, FUNCTIONS(currency_price_sum),
		{{currency_price_sum_combine, 2, true}, {currency_price_sum_final, 1},
	{currency_price_avg_final, 1}}},
	{"tier_scale", -1, FUNCTIONS(tier_scale)},
	{"revenue_tier_state", -1, FUNCTIONS(revenue_tier_state),
	{{revenue_tier_combine, 2, true}, {revenue_tier_final, 1}}},
	{"nps_tally", 16, FUNCTIONS(nps_tally),
		{{nps_tally_add, 2, true}, {nps_tally_subtract, 2, true},
	{nps_tally_cmp, 2}, {nps_tally_hash, 1}}},
	{"latest_nps_response", 16, FUNCTIONS(latest_nps_response),
	{{latest_nps_response_combine, 2, true}}},
	{"quantile_state", -1, FUNCTIONS(quantile_state),
	{{quantile_combine, 2, true}}},
};

typedef enum Form
{
	TEXT,
	BINARY,
	FORMS
} Form;

static const char *const form_names[] = {"text", "binary"};
static long counts[lengthof(types)][FORMS][2];	/* refused, accepted */

/* what was read, and what is wrong with it */
#define must(condition, type, what) \
	do { \
		if (!(condition)) \
		{ \
			fprintf(stderr, "%s: %s\n", (type)->name, what); \
			abort(); \
		} \
	} while (0)

/* ---- the functions of a type; false where they raise an error ---- */

static bool
read_text(const Type *type, char *text, Datum *value)
{
	return call(type->in, 1, CStringGetDatum(text), 0, value);
}

static bool
read_binary(const Type *type, const char *bytes, int length, Datum *value)
{
	StringInfoData buf;

	initStringInfo(&buf);
	appendBinaryStringInfo(&buf, bytes, length);
	return call(type->recv, 1, PointerGetDatum(&buf), 0, value) && buf.cursor == buf.len;
}

static char *
to_text(const Type *type, Datum value)
{
	Datum		text;

	must(call(type->out, 1, value, 0, &text), type, "cannot be written as text");
	return DatumGetCString(text);
}

static bytea *
to_binary(const Type *type, Datum value)
{
	Datum		bytes;

	must(call(type->send, 1, value, 0, &bytes), type, "cannot be sent");
	return (bytea *) DatumGetPointer(bytes);
}

/* ---- what must be true of a value ---- */

static bool
same(const Type *type, Datum a, Datum b)
{
	size_t		length = type->length >= 0 ? (size_t) type->length : VARSIZE(DatumGetPointer(a));

	return (type->length >= 0 || VARSIZE(DatumGetPointer(b)) == length) &&
		memcmp(DatumGetPointer(a), DatumGetPointer(b), length) == 0;
}

static void
check_value(const Type *type, Datum value)
{
	char	   *text = to_text(type, value);
	bytea	   *bytes = to_binary(type, value);
	Datum		again;

	must(pg_encoding_verifymbstr(PG_UTF8, text, strlen(text)) == (int) strlen(text),
		 type, "its text is not UTF-8");
	must(read_text(type, text, &again), type, "its text cannot be read");
	must(same(type, value, again), type, "its text reads as another value");
	must(read_binary(type, VARDATA(bytes), VARSIZE(bytes) - VARHDRSZ, &again),
		 type, "its binary form cannot be read");
	must(same(type, value, again), type, "its binary form reads as another value");
}

static void
check_steps(const Type *type, Datum value)
{
	for (int i = 0; i < MAX_STEPS && type->steps[i].arguments > 0; i++)
	{
		const Step *step = &type->steps[i];
		Datum		result;

		/* the linker lets pass what is nowhere */
		must(step->function != NULL, type, "has a step that is no function");
		if (call(step->function, step->arguments, value, value, &result) && step->same_type)
			check_value(type, result);
	}
}

static bool
check_text(const Type *type, const char *bytes, size_t length)
{
	char	   *text = pnstrdup(bytes, length);
	Datum		value;

	/* the server lets nothing else through to an input function */
	if (memchr(bytes, 0, length) != NULL ||
		pg_encoding_verifymbstr(PG_UTF8, text, length) != (int) length)
		return false;
	check_soft_error(type->in, text);
	if (!read_text(type, text, &value))
		return false;
	check_value(type, value);
	check_steps(type, value);
	return true;
}

static bool
check_binary(const Type *type, const char *bytes, size_t length)
{
	Datum		value;
	bytea	   *sent;

	if (!read_binary(type, bytes, length, &value))
		return false;
	sent = to_binary(type, value);
	must(VARSIZE(sent) - VARHDRSZ == length && memcmp(VARDATA(sent), bytes, length) == 0,
		 type, "is sent with other bytes than it was received with");
	check_value(type, value);
	check_steps(type, value);
	return true;
}

int			LLVMFuzzerTestOneInput(const uint8 *data, size_t size);
int			LLVMFuzzerInitialize(int *argc, char ***argv);

int
LLVMFuzzerTestOneInput(const uint8 *data, size_t size)
{
	int			choice;
	const Type *type;
	Form		form;
	bool		accepted;

	if (size == 0)
		return 0;
	choice = data[0] % (lengthof(types) * FORMS);
	type = &types[choice / FORMS];
	form = choice % FORMS;
	accepted = (form == TEXT ? check_text : check_binary) (type, (const char *) data + 1, size - 1);
	counts[type - types][form][accepted]++;
	free_all();
	return 0;
}

/* ---- seeds, and the report at the end ---- */

static void
report(void)
{
	for (size_t i = 0; i < lengthof(types); i++)
		for (Form form = TEXT; form < FORMS; form++)
			fprintf(stderr, "%s %s: %ld accepted, %ld refused\n", types[i].name, form_names[form],
					counts[i][form][true], counts[i][form][false]);
}

static void
write_seed(const char *folder, int number, int choice, const char *bytes, size_t length)
{
	char		path[MAXPGPATH];
	FILE	   *file;

	snprintf(path, sizeof(path), "%s/seed-%d-%d", folder, number, choice);
	file = fopen(path, "w");
	if (file == NULL || fputc(choice, file) < 0 || fwrite(bytes, 1, length, file) != length || fclose(file) != 0)
	{
		perror(path);
		exit(1);
	}
}

/* each line of seeds.txt is a type and a value: as text and, where it is one, as binary */
static void
write_seeds(const char *seeds, const char *folder)
{
	FILE	   *file = fopen(seeds, "r");
	char		line[10000];

	if (file == NULL)
	{
		perror(seeds);
		exit(1);
	}
	for (int number = 1; fgets(line, sizeof(line), file) != NULL; number++)
	{
		char	   *text = strchr(line, ' ');
		size_t		i = 0;
		Datum		value;

		line[strcspn(line, "\n")] = '\0';
		*text++ = '\0';
		while (i < lengthof(types) && strcmp(types[i].name, line) != 0)
			i++;
		must(i < lengthof(types), &types[0], line);
		write_seed(folder, number, i * FORMS + TEXT, text, strlen(text));
		if (read_text(&types[i], text, &value))
		{
			bytea	   *bytes = to_binary(&types[i], value);

			write_seed(folder, number, i * FORMS + BINARY, VARDATA(bytes), VARSIZE(bytes) - VARHDRSZ);
		}
	}
	fclose(file);
	free_all();
}

/* fuzz --seeds FILE FOLDER writes the seeds; what is left is for libFuzzer */
int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	if (*argc == 4 && strcmp((*argv)[1], "--seeds") == 0)
	{
		write_seeds((*argv)[2], (*argv)[3]);
		exit(0);
	}
	atexit(report);
	return 0;
}
