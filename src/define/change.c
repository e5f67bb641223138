/*
 * change.c: what every change of a definition begins and ends with.
 */
#include "segmentation.h"

#include "utils/builtins.h"

#include "define/define.h"

/*
 * Locks rows of models in the order of their ids.  What is checked under these
 * locks stays true, and a session at repeatable read gets a serialization
 * failure where another has changed a definition since its snapshot, because
 * that has written its model's row.
 */
void
change_lock(List *ids)
{
	model_refuse_within_refresh();
	catalogue_execute("SELECT FROM segmentation.model WHERE id OPERATOR(@types@.=) ANY ($1::@types@.segment_id[]) "
					  "ORDER BY id FOR NO KEY UPDATE",
					  1, OIDS(TEXTARRAYOID), DATUMS(PointerGetDatum(strlist_to_textarray(ids))), NULL);
}

/* within SPI; the model without its segments */
Model *
change_begin(const char *id, const List *others)
{
	Model	   *model = model_read_definition(id);

	model_check_owner(model);
	change_lock(lcons(pstrdup(id), list_copy(others)));
	model = model_read_definition(id);
	model_check_owner(model);
	return model;
}

/* who has made a version of the model, when and by which function */
void
change_record(const char *model, const char *change, const char *segment)
{
	catalogue_execute("INSERT INTO segmentation.definition (model, version, change, segment, title, rank, rule) "
					  "SELECT m.id, m.version, $2, $3::@types@.segment_id, s.title, s.rank, s.rule FROM segmentation.model m "
					  "LEFT JOIN segmentation.segment s ON s.model OPERATOR(@types@.=) m.id AND s.id OPERATOR(@types@.=) $3::@types@.segment_id "
					  "WHERE m.id OPERATOR(@types@.=) $1::@types@.segment_id",
					  3, OIDS(TEXTOID, TEXTOID, TEXTOID),
					  DATUMS(CStringGetTextDatum(model), CStringGetTextDatum(change),
							 segment ? CStringGetTextDatum(segment) : (Datum) 0),
					  segment ? NULL : "  n");
}

/* what there is of definitions is all that there is: the version is theirs */
void
change_accept_loss(Model *model)
{
	catalogue_execute("INSERT INTO segmentation.definition (model, version, change) "
					  "SELECT m.id, m.version, 'alter_model' FROM segmentation.model m WHERE m.id OPERATOR(@types@.=) $1::@types@.segment_id "
					  "AND NOT EXISTS (SELECT FROM segmentation.definition d WHERE d.model OPERATOR(@types@.=) m.id "
					  "AND d.version OPERATOR(pg_catalog.>=) m.version)",
					  1, OIDS(TEXTOID), DATUMS(CStringGetTextDatum(model->id)), NULL);
}

/*
 * A refresh sees by the version that its cause is another definition.  Where
 * definitions were lost, another one would make it seem that none were.
 */
void
change_end(Model *model, const char *change, const char *segment)
{
	model_check_versions(model);
	catalogue_execute("UPDATE segmentation.model SET version = version OPERATOR(pg_catalog.+) 1 "
					  "WHERE id OPERATOR(@types@.=) $1::@types@.segment_id",
					  1, OIDS(TEXTOID), DATUMS(CStringGetTextDatum(model->id)), NULL);
	model->version++;
	change_record(model->id, change, segment);
}
