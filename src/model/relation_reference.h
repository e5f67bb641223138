/*
 * relation_reference.h: which relation the catalogue means, as it is kept.
 */
#ifndef SEGMENTATION_MODEL_RELATION_REFERENCE_H
#define SEGMENTATION_MODEL_RELATION_REFERENCE_H

#include "segmentation.h"

/* pg_upgrade keeps oids, and copies these bytes: they are part of the format */
typedef struct RelationReference
{
	int32		vl_len_;
	Oid			relid;			/* InvalidOid: there was none of the name when it was read in */
	bool		lost;			/* it had been dropped when it was dumped: whoever has its name now is another */
	char		name[FLEXIBLE_ARRAY_MEMBER];	/* when it was chosen; quoted, and qualified; ends with a zero byte */
} RelationReference;

#define DatumGetRelationReference(datum) ((RelationReference *) PG_DETOAST_DATUM(datum))

extern Oid	reference_relation(const RelationReference *reference);
extern Oid	reference_namesake(const RelationReference *reference);
extern bool reference_waits(const RelationReference *reference);

#endif							/* SEGMENTATION_MODEL_RELATION_REFERENCE_H */
