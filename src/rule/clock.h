/*
 * clock.h: what asks the server's clock, in a rule or in a source.
 */
#ifndef SEGMENTATION_RULE_CLOCK_H
#define SEGMENTATION_RULE_CLOCK_H

#include "segmentation.h"

#include "nodes/primnodes.h"

/* what a function of the server has of the clock */
typedef enum ClockKind
{
	CLOCK_NONE,
	CLOCK_MOMENT,
	CLOCK_AGE,					/* since the midnight that began the day */
	CLOCK_TEXT,
	CLOCK_OFFSET				/* of a time zone on the day */
} ClockKind;

/* a word that types of time read the clock for */
typedef struct ClockWord
{
	const char *word;
	Oid			type;			/* of what is to be written instead */
	const char *in_rules;
	const char *in_sources;
} ClockWord;

extern ClockKind clock_kind(Oid function);
extern const char *clock_keyword(const SQLValueFunction *keyword);
extern bool clock_holds_moments(Oid type);
extern const ClockWord *clock_word(const char *literal);
extern char *clock_literal(Node *node);

#endif							/* SEGMENTATION_RULE_CLOCK_H */
