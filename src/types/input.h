/*
 * input.h: what the input functions of our types share.
 */
#ifndef SEGMENTATION_TYPES_INPUT_H
#define SEGMENTATION_TYPES_INPUT_H

#include "segmentation.h"

#include "mb/pg_wchar.h"

/* how much of a bad text an error message repeats, in bytes */
#define EXCERPT_LEN 64

/* the white space of SQL, whatever the locale */
static inline bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
}

static inline const char *
skip_space(const char *str, const char *end)
{
	while (str < end && is_space(*str))
		str++;
	return str;
}

/* where the word that begins at str ends */
static inline const char *
skip_word(const char *str, const char *end)
{
	while (str < end && !is_space(*str))
		str++;
	return str;
}

static inline bool
word_is(const char *word, const char *end, const char *expected)
{
	return (size_t) (end - word) == strlen(expected) &&
		memcmp(word, expected, end - word) == 0;
}

/* a palloc'd copy for an error message, cut off where it is long */
static inline char *
input_excerpt(const char *str, size_t len)
{
	int			kept = pg_mbcliplen(str, (int) len, EXCERPT_LEN);

	return psprintf("%.*s%s", kept, str, (size_t) kept < len ? "..." : "");
}

#endif							/* SEGMENTATION_TYPES_INPUT_H */
