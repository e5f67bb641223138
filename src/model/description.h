/*
 * description.h: what the objects of a model are: tables, views and a function.
 *
 * It is said once, in description.c.  From there they are made, completed where
 * an earlier version has made them, checked, granted and given their comments,
 * and by it statements and C find their columns.
 */
#ifndef SEGMENTATION_MODEL_DESCRIPTION_H
#define SEGMENTATION_MODEL_DESCRIPTION_H

#include "segmentation.h"

#include "nodes/pg_list.h"

/* in the order in which they are made: tables, views over them, the function */
typedef enum ModelObject
{
	ASSIGNMENT_TABLE,
	HISTORY_TABLE,
	OVERRIDE_TABLE,
	MEMBER_VIEW,
	STAY_VIEW,
	AT_FUNCTION
} ModelObject;

#define MODEL_TABLES (OVERRIDE_TABLE + 1)
#define MODEL_RELATIONS (STAY_VIEW + 1)
#define MODEL_OBJECTS (AT_FUNCTION + 1)

/* what a column is for, beside being read by people */
#define COLUMN_NEEDED	0x01	/* without it, or of another type, the relation is none of the model's */
#define COLUMN_DECIDES	0x02	/* who evaluates the model for rules of their own has to read it */
#define COLUMN_EVALUATED 0x04	/* of an answer: the compiled SELECT has it under that name */
#define COLUMN_PERIOD	0x08	/* of an answer: goes to the history with it, under that name */

/* the extension's types, whose oids are not known beforehand */
#define TYPE_SEGMENT_ID ((Oid) 1)
#define TYPE_SEGMENT_IDS ((Oid) 2)

typedef struct ColumnDescription
{
	const char *name;
	Oid			type;
	int			flags;
	const char *constraints;	/* after the type, as SQL */
	const char *index;			/* what follows CREATE INDEX ON table; NULL: none */
	const char *comment;
	const char *value;			/* its default, as SQL; NULL: none, but what the constraints say */
	const char *lost;			/* the value of rows that were there before the column is made again; NULL: the default */
} ColumnDescription;

/*
 * In SQL and comments @model@ is the model's id, @types@ the schema of our
 * types, @key@ the columns of its key, @a.key@ these with an alias, and the
 * suffix of another object, as in @history@, its name.
 */
typedef struct ObjectDescription
{
	const char *kind;			/* as SQL says it */
	const char *suffix;			/* of its name, after the model's prefix */
	const char *title;			/* for messages */
	const char *comment;
	const ColumnDescription *columns;	/* beside the key, which comes first */
	int			ncolumns;
	const char *constraints;	/* of the table */
	const char *trigger;		/* of override, of this name and on the function of this name; NULL: none */
	const char *trigger_comment;
	const char *arguments;		/* types of the function's arguments, in parentheses */
	const char *query;			/* of a view or the function */
} ObjectDescription;

extern const ObjectDescription model_objects[MODEL_OBJECTS];

/* places of an answer's columns in the description, which rows of a refresh have too */
enum
{
	ANSWER_SINCE,
	ANSWER_RECHECK_AT,
	ANSWER_VERSION,
	ANSWER_SEGMENTS
};

extern char *description_type_name(const ColumnDescription *column);
extern const ColumnDescription *description_column(ModelObject object, const char *name);
extern bool description_fits(ModelObject object, Oid relid, const List *key);
extern const ColumnDescription *description_missing_column(ModelObject object, Oid relid, int flags);
extern bool description_uses_name(const char *name);
extern char *description_list(ModelObject object, int flag, const char *prefix, const char *other);

#endif							/* SEGMENTATION_MODEL_DESCRIPTION_H */
