/*
 * override_text.c: people's decisions in statements that decide about many
 * customers.
 *
 * All decisions about one customer are one row that is joined to the source:
 * the segments that they put the customer into, those that they take the
 * customer out of, and the moment at which the first of them ends.  In a model
 * of one segment per customer they put the customer into one at most, the first
 * by rank.
 */
#include "segmentation.h"

#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "key.h"
#include "model/model.h"
#include "override/override.h"

/* segments of a model in the order in which they come: all, or those that decisions are about */
static char *
ids(const Model *model, const OverriddenModel *overridden)
{
	const char *separator = "";
	StringInfoData buf;
	ListCell   *cell;

	initStringInfo(&buf);
	appendStringInfoString(&buf, "'{");
	foreach(cell, model->segments)
	{
		const char *id = ((ModelSegment *) lfirst(cell))->id;

		if (overridden && !override_is_about(overridden, id))
			continue;
		appendStringInfo(&buf, "%s\"%s\"", separator, id);
		separator = ",";
	}
	appendStringInfo(&buf, "}'::%s.segment_id[]", types_schema());
	return buf.data;
}

char *
override_ids(const Model *model)
{
	return ids(model, NULL);
}

/* NULL where nobody has decided about the customer */
static char *
contains(const char *column, int number, const char *segment)
{
	return psprintf("override_%d.segmentation_%s OPERATOR(pg_catalog.@>) '{\"%s\"}'::%s.segment_id[]",
					number, column, segment, types_schema());
}

char *
override_puts_in(int number, const char *segment)
{
	return contains("in", number, segment);
}

char *
override_takes_out(int number, const char *segment)
{
	return contains("out", number, segment);
}

char *
override_puts_in_any(int number)
{
	return psprintf("override_%d.segmentation_in IS NOT NULL", number);
}

static void
print_override_columns(StringInfo buf, const OverriddenModel *overridden, const char *known)
{
	ListCell   *cell;

	foreach(cell, overridden->model->key)
	{
		appendStringInfo(buf, "%s AS segmentation_key_%d,\n                         ",
						 quote_identifier(lfirst(cell)), foreach_current_index(cell) + 1);
	}
	if (known)
		appendStringInfo(buf, "(pg_catalog.array_agg(segment ORDER BY pg_catalog.array_position(%s, segment))"
						 "\n                              FILTER (WHERE member))[1:1]", known);
	else
		appendStringInfoString(buf, "pg_catalog.array_agg(segment) FILTER (WHERE member)");
	appendStringInfoString(buf, " AS segmentation_in,\n                         "
						   "pg_catalog.array_agg(segment) FILTER (WHERE NOT member) AS segmentation_out,\n                         "
						   "pg_catalog.min(expires_at) AS segmentation_until");
}

static void
print_match(StringInfo buf, const OverriddenModel *overridden)
{
	const Model *model = overridden->model;
	ListCell   *cell;

	foreach(cell, model->key)
	{
		int			n = foreach_current_index(cell) + 1;
		Oid			type = get_atttype(model->assignment, get_attnum(model->assignment, lfirst(cell)));

		appendStringInfo(buf, "%s%s %s %s", n > 1 ? " AND " : "\n              ON ",
						 key_operand(type, "source", quote_identifier(lfirst(cell))), model_equality_operator(type),
						 key_operand(type, psprintf("override_%d", overridden->number), psprintf("segmentation_key_%d", n)));
	}
}

/*
 * As of $1.  In a model of one segment per customer a decision about a segment
 * that the rest of the statement knows of none must not put the customer
 * anywhere: it has been committed meanwhile, and counts the next time.
 */
void
override_print_join(StringInfo buf, const OverriddenModel *overridden)
{
	const Model *model = overridden->model;
	char	   *known = model->kind == MODEL_OVERLAPPING ? NULL : ids(model, overridden);

	appendStringInfo(buf, "\n       -- what people have decided in model \"%s\"\n       LEFT JOIN (SELECT ", model->id);
	print_override_columns(buf, overridden, known);
	appendStringInfo(buf, "\n                    FROM %s\n                   "
					 "WHERE (expires_at IS NULL OR expires_at OPERATOR(pg_catalog.>) $1)",
					 relation_name(model->override));
	if (known)
		appendStringInfo(buf, "\n                     AND segment OPERATOR(%s.=) ANY (%s)", types_schema(), known);
	appendStringInfo(buf, "\n                   GROUP BY %s) AS override_%d",
					 key_column_list(model->key, NULL), overridden->number);
	print_match(buf, overridden);
}
