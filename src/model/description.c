/*
 * description.c: what the objects of a model are.
 *
 * To add a column is to describe it at the end of its table's here.  A model
 * that was made before gets it by segmentation.alter_model, and so it is not
 * COLUMN_NEEDED, and is null or has a value for the rows that are there.
 */
#include "segmentation.h"

#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "model/description.h"
#include "model/model.h"

static const ColumnDescription assignment_columns[] = {
	[ANSWER_SINCE] = {"since", TIMESTAMPTZOID, COLUMN_NEEDED | COLUMN_PERIOD, "NOT NULL", NULL,
	"when the database recorded this answer"},
	[ANSWER_RECHECK_AT] = {"recheck_at", TIMESTAMPTZOID, COLUMN_NEEDED | COLUMN_EVALUATED, "",
		"(recheck_at) WHERE recheck_at IS NOT NULL",
	"when the next decision about the customer ends, by which the answer can change; NULL: none does"},
	[ANSWER_VERSION] = {"version", INT4OID, COLUMN_NEEDED | COLUMN_PERIOD, "NOT NULL", NULL,
	"version of the model that decided"},
	[ANSWER_SEGMENTS] = {"segments", TYPE_SEGMENT_IDS, COLUMN_NEEDED | COLUMN_DECIDES | COLUMN_EVALUATED | COLUMN_PERIOD, "",
		"USING gin (segments)",
	"the customer's segments, sorted; NULL: the customer has vanished from the source"},
};

static const ColumnDescription history_columns[] = {
	{"since", TIMESTAMPTZOID, COLUMN_NEEDED, "NOT NULL", .comment = "when the answer was recorded"},
	{"until", TIMESTAMPTZOID, COLUMN_NEEDED, "NOT NULL", .comment = "when another one took its place"},
	{"version", INT4OID, COLUMN_NEEDED, "NOT NULL", .comment = "version of the model that decided this answer"},
	{"segments", TYPE_SEGMENT_IDS, COLUMN_NEEDED, "", .comment = "the customer's segments, sorted; NULL: the customer was not in the source"},
	{"cause", TEXTOID, COLUMN_NEEDED, "NOT NULL",
	.comment = "what ended the period: refresh, the customer's data or the clock; definition, another rule; override, a person's decision"},
};

/*
 * The catalogue has the model's segments, and a foreign key would need a column
 * for the model: a trigger checks that there is such a segment.
 */
static const ColumnDescription override_columns[] = {
	{"set_at", TIMESTAMPTZOID, 0, "NOT NULL", .comment = "when it was decided", .value = "pg_catalog.clock_timestamp()"},
	{"expires_at", TIMESTAMPTZOID, COLUMN_NEEDED | COLUMN_DECIDES, "CONSTRAINT expiry_finite CHECK (pg_catalog.isfinite(expires_at))",
	.comment = "when it ends by itself; NULL: never"},
	{"segment", TYPE_SEGMENT_ID, COLUMN_NEEDED | COLUMN_DECIDES, "NOT NULL", .comment = "segment of the model that it is about"},
	{"member", BOOLOID, COLUMN_NEEDED | COLUMN_DECIDES, "NOT NULL", .comment = "true: the customer is in the segment; false: is not"},
	{"reason", TEXTOID, 0, "NOT NULL CONSTRAINT reason_given CHECK (pg_catalog.btrim(reason) OPERATOR(pg_catalog.<>) '')",
	.comment = "why", .lost = "'(lost)'"},
	{"author", TEXTOID, 0, "NOT NULL CONSTRAINT author_given CHECK (pg_catalog.btrim(author) OPERATOR(pg_catalog.<>) '')",
	.comment = "who decided", .value = "SESSION_USER", .lost = "'unknown'"},
};

static const ColumnDescription member_columns[] = {
	{"segment", TYPE_SEGMENT_ID, COLUMN_NEEDED, "", .comment = "segment that the customer is in"},
	{"since", TIMESTAMPTZOID, 0, "", .comment = "when the customer's answer as a whole was recorded"},
};

static const ColumnDescription stay_columns[] = {
	{"segment", TYPE_SEGMENT_ID, COLUMN_NEEDED, "", .comment = "segment that the customer is or was in"},
	{"entered_at", TIMESTAMPTZOID, 0, "", .comment = "when the customer entered it"},
	{"left_at", TIMESTAMPTZOID, 0, "", .comment = "when the customer left it; NULL: is still in it"},
	{"duration", INTERVALOID, 0, "", .comment = "time spent in it, so far"},
};

static const ColumnDescription at_columns[] = {
	{"segments", TYPE_SEGMENT_IDS, .constraints = ""},
	{"since", TIMESTAMPTZOID, .constraints = ""},
	{"until", TIMESTAMPTZOID, .constraints = ""},
};

/* names within the views and the function, which a key column cannot have either */
static const char *const inner_names[] = {"enters", "stay", "moment"};

#define COLUMNS(columns) columns, lengthof(columns)
/* as it tells people of a function, not code */
#define COMMENT(text) text

const ObjectDescription model_objects[MODEL_OBJECTS] = {
	[ASSIGNMENT_TABLE] = {
		"TABLE", "assignment", "assignment",
		COMMENT("stored answer of model \"@model@\", one row per customer; written by segmentation.refresh"),
		COLUMNS(assignment_columns), "PRIMARY KEY (@key@)"
	},
	[HISTORY_TABLE] = {
		"TABLE", "history", "history",
		"earlier answers of model \"@model@\", one row per customer and period",
		COLUMNS(history_columns), "PRIMARY KEY (@key@, since), CONSTRAINT period_not_empty CHECK (since < until)"
	},
	[OVERRIDE_TABLE] = {
		"TABLE", "override", "table of overrides",
		"people's decisions that beat the rules of model \"@model@\"; they count from the next refresh",
		COLUMNS(override_columns), "PRIMARY KEY (@key@, segment)", "check_override",
		"the model has such a segment; who changes a decision is its author"
	},
	/* joined by @>, which the index on segments serves; unnest would read everyone */
	[MEMBER_VIEW] = {
		"VIEW", "member", "view of members",
		"customers and segments of model \"@model@\", one row per membership",
		COLUMNS(member_columns),
		.query = "SELECT @a.key@, s.id AS segment, a.since FROM segmentation.segment s "
		"JOIN @assignment@ a ON a.segments @> ARRAY[s.id] WHERE s.model OPERATOR(@types@.=) '@model@'::@types@.segment_id"
	},
	/* a stay is a run of periods with the segment, each beginning where the one before ends */
	[STAY_VIEW] = {
		"VIEW", "stay", "view of stays",
		"when customers entered and left segments of model \"@model@\", one row per stay",
		COLUMNS(stay_columns),
		.query = "WITH period AS (\n"
		"    SELECT @key@, segments, since, until FROM @history@\n"
		"    UNION ALL\n"
		"    SELECT @key@, segments, since, 'infinity' FROM @assignment@ WHERE since > '-infinity'\n"
		"), membership AS (\n"
		"    SELECT @key@, s.segment, since, until,\n"
		"           since IS DISTINCT FROM lag(until) OVER (PARTITION BY @key@, s.segment ORDER BY since) AS enters\n"
		"      FROM period CROSS JOIN LATERAL unnest(segments) s(segment)\n"
		"), numbered AS (\n"
		"    SELECT @key@, segment, since, until,\n"
		"           count(*) FILTER (WHERE enters) OVER (PARTITION BY @key@, segment ORDER BY since) AS stay\n"
		"      FROM membership\n"
		")\n"
		"SELECT @key@, segment, min(since) AS entered_at, nullif(max(until), 'infinity') AS left_at,\n"
		"       least(max(until), greatest(segmentation.moment(), min(since))) - min(since) AS duration\n"
		"  FROM numbered GROUP BY @key@, segment, stay"
	},
	/* a body that the server has parsed: it follows renamed tables and is inlined */
	[AT_FUNCTION] = {
		"FUNCTION", "at", "function that answers for a moment",
		"what the stored answer of model \"@model@\" was at a moment",
		COLUMNS(at_columns),
		.arguments = "(pg_catalog.timestamptz)",
		.query = "SELECT @h.key@, h.segments, h.since, h.until FROM @history@ h WHERE h.since <= $1 AND h.until > $1\n"
		"UNION ALL\n"
		"SELECT @a.key@, a.segments, a.since, NULL FROM @assignment@ a WHERE a.since <= $1 AND a.since > '-infinity'"
	},
};

static Oid
description_type(const ColumnDescription *column)
{
	return column->type == TYPE_SEGMENT_ID ? segment_id_type() :
		column->type == TYPE_SEGMENT_IDS ? get_array_type(segment_id_type()) : column->type;
}

/* qualified */
char *
description_type_name(const ColumnDescription *column)
{
	return format_type_extended(description_type(column), -1, FORMAT_TYPE_FORCE_QUALIFY);
}

/*
 * Whether a relation, which need not exist, has the key and all columns that are
 * needed: whoever owns a table can change it, and an oid from a dump may name
 * anyone's relation.
 */
bool
description_fits(ModelObject object, Oid relid, const List *key)
{
	const ObjectDescription *description = &model_objects[object];

	if (object >= MODEL_TABLES && get_rel_relkind(relid) != RELKIND_VIEW)
		return false;
	for (int i = 0; i < description->ncolumns; i++)
		if (description->columns[i].flags & COLUMN_NEEDED &&
			!relation_has_column(relid, description->columns[i].name, description_type(&description->columns[i])))
			return false;
	return relation_has_columns(relid, key);
}

/* with any of the flags, or 0 for all columns; NULL: it has those */
const ColumnDescription *
description_missing_column(ModelObject object, Oid relid, int flags)
{
	const ObjectDescription *description = &model_objects[object];

	for (int i = 0; i < description->ncolumns; i++)
		if ((flags == 0 || (description->columns[i].flags & flags) != 0) &&
			get_attnum(relid, description->columns[i].name) == InvalidAttrNumber)
			return &description->columns[i];
	return NULL;
}

/* NULL: there is none of that name */
const ColumnDescription *
description_column(ModelObject object, const char *name)
{
	for (int i = 0; i < model_objects[object].ncolumns; i++)
		if (strcmp(model_objects[object].columns[i].name, name) == 0)
			return &model_objects[object].columns[i];
	return NULL;
}

/* whether a column of the source by that name could not stand beside those of the objects */
bool
description_uses_name(const char *name)
{
	for (int i = 0; i < MODEL_OBJECTS; i++)
		if (description_column(i, name))
			return true;
	for (size_t i = 0; i < lengthof(inner_names); i++)
		if (strcmp(inner_names[i], name) == 0)
			return true;
	return false;
}

/*
 * The columns beside the key, as SQL: those with the flag after the one prefix,
 * the others after the other, or left out where that is NULL.
 */
char *
description_list(ModelObject object, int flag, const char *prefix, const char *other)
{
	const ObjectDescription *description = &model_objects[object];
	StringInfoData buf;

	initStringInfo(&buf);
	for (int i = 0; i < description->ncolumns; i++)
	{
		bool		flagged = (description->columns[i].flags & flag) == flag;

		if (flagged || other)
			appendStringInfo(&buf, "%s%s%s", buf.len > 0 ? ", " : "", flagged ? prefix : other,
							 description->columns[i].name);
	}
	return buf.data;
}
