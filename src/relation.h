/*
 * relation.h: relations by an oid that may name none.
 */
#ifndef SEGMENTATION_RELATION_H
#define SEGMENTATION_RELATION_H

#include "segmentation.h"

#include "catalog/pg_attribute.h"
#include "nodes/parsenodes.h"
#include "nodes/pg_list.h"
#include "storage/lockdefs.h"
#include "utils/relcache.h"

extern Oid	relation_owner(Oid relid);
extern void relation_require(Oid relid);
extern void relation_require_owner(Oid relid, const char *detail);
extern char *relation_name(Oid relid);
extern char *relation_schema(Oid relid);
extern bool relation_grants_column(Oid relid, const char *column, Oid role, AclMode mode);
extern bool relation_grants_some(Oid relid, Oid role, AclMode mode);
extern List *relation_columns_near(Relation rel, const char *name);
extern Form_pg_attribute relation_column(Relation rel, const char *name);
extern Relation relation_open_existing(Oid relid, LOCKMODE mode);

#endif							/* SEGMENTATION_RELATION_H */
