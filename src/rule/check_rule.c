/*
 * check_rule.c: in_segment, which rules are made of, and a look at a rule
 * without defining anything: one that is given, or one that is kept.
 */
#include "segmentation.h"

#include "catalog/objectaddress.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "argument.h"
#include "names.h"
#include "rule/rule.h"
#include "rule/time_zone.h"
#include "types/segment_id.h"

/* in_segment([model,] id): rules refer to a segment by it, and are compiled */
PG_FUNCTION_INFO_V1(in_segment);
Datum
in_segment(PG_FUNCTION_ARGS)
{
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("in_segment is for the rules of segments only"),
			 errhint("Ask the model's assignment: segments @> ARRAY['at-risk'::segment_id].")));
}

/* "model/segment" of each, as a text[] */
Datum
rule_references_array(List *references)
{
	List	   *texts = NIL;
	ListCell   *cell;

	foreach(cell, references)
	{
		RuleReference *reference = lfirst(cell);

		texts = lappend(texts, psprintf("%s/%s", reference->model, reference->segment));
	}
	return PointerGetDatum(strlist_to_textarray(texts));
}

/* check_rule(source, rule, model, time_zone) */
PG_FUNCTION_INFO_V1(check_rule);
Datum
check_rule(PG_FUNCTION_ARGS)
{
	Rule	   *rule;
	TupleDesc	desc;
	Datum		values[4];
	bool		nulls[4] = {false};

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	argument_require(fcinfo, 0, "source");
	argument_require(fcinfo, 1, "rule");
	argument_require(fcinfo, 3, "time_zone");
	rule = rule_parse(PG_GETARG_OID(0), text_to_cstring(PG_GETARG_TEXT_PP(1)),
					  PG_ARGISNULL(2) ? NULL : segment_id_argument(fcinfo, 2),
					  time_zone_name(text_to_cstring(PG_GETARG_TEXT_PP(3))));
	rule_notice_stable(rule);
	values[0] = CStringGetTextDatum(rule_deparse(rule));
	values[1] = names_to_array(rule->columns);
	values[2] = rule_references_array(rule->references);
	values[3] = BoolGetDatum(rule->asks_clock);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}
