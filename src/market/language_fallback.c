/*
 * language_fallback.c: the languages in which a text is looked for.
 */
#include "segmentation.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"

/* longer tags than any in use are of no language; so the number of parts is bounded */
#define MAX_TAG_LEN 35
#define SCRIPT_LEN 4

/* as tags are written: fr, Hant, CH; their case means nothing */
static void
fold_part(char *part, size_t len, bool first)
{
	for (size_t i = 0; i < len; i++)
		part[i] = first || (len == SCRIPT_LEN && i > 0)
			? pg_ascii_tolower(part[i]) : pg_ascii_toupper(part[i]);
}

static void
fold_tag(char *tag)
{
	char	   *part = tag;
	size_t		len;

	for (char *c = tag; *c != '\0'; c++)
		if (*c == '_')
			*c = '-';
	while ((len = strcspn(part, "-")) > 0)
	{
		fold_part(part, len, part == tag);
		part += len;
		if (*part == '-')
			part++;
	}
}

/* zh-Hant-TW, zh-Hant, zh */
static ArrayBuildState *
add_tag(ArrayBuildState *languages, text * tag)
{
	char	   *language;
	char	   *hyphen;

	if (VARSIZE_ANY_EXHDR(tag) > MAX_TAG_LEN)
		return languages;
	language = text_to_cstring(tag);
	fold_tag(language);
	while (*language != '\0')
	{
		languages = accumArrayResult(languages, CStringGetTextDatum(language), false,
									 TEXTOID, CurrentMemoryContext);
		hyphen = strrchr(language, '-');
		*(hyphen ? hyphen : language) = '\0';
	}
	return languages;
}

PG_FUNCTION_INFO_V1(language_fallback);
Datum
language_fallback(PG_FUNCTION_ARGS)
{
	ArrayBuildState *languages = initArrayResult(TEXTOID, CurrentMemoryContext, false);

	for (int i = 0; i < PG_NARGS(); i++)
		if (!PG_ARGISNULL(i))
			languages = add_tag(languages, PG_GETARG_TEXT_PP(i));
	PG_RETURN_DATUM(makeArrayResult(languages, CurrentMemoryContext));
}
