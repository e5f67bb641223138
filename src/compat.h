/*
 * compat.h: the one place where PG_VERSION_NUM is looked at.
 */
#ifndef SEGMENTATION_COMPAT_H
#define SEGMENTATION_COMPAT_H

#if PG_VERSION_NUM < 150000
#error "segmentation needs PostgreSQL 15 or later"
#endif

/* VARDATA_ANY and its like have left postgres.h with 16 */
#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif

/*
 * Soft errors came with 16: there an input function reports through
 * ereturn(escontext, dummy, ...) with escontext = fcinfo->context, and
 * pg_input_is_valid() catches it.  Before, it can only throw.
 */
#if PG_VERSION_NUM >= 160000
#include "nodes/miscnodes.h"
#else
#define ereturn(escontext, dummy_value, ...) \
	do { (void) (escontext); ereport(ERROR, __VA_ARGS__); } while (0)
#endif

/* privileges of every kind of object are asked by one function since 16 */
#if PG_VERSION_NUM >= 160000
#include "catalog/pg_namespace.h"
#define pg_namespace_aclcheck(namespace, role, mode) \
	object_aclcheck(NamespaceRelationId, namespace, role, mode)
#endif

/* 18 counts what an index scan reads, for EXPLAIN */
#if PG_VERSION_NUM >= 180000
#define index_begin(rel, index, snapshot, nkeys) index_beginscan(rel, index, snapshot, NULL, nkeys, 0)
#else
#define index_begin(rel, index, snapshot, nkeys) index_beginscan(rel, index, snapshot, nkeys, 0)
#endif

/* NOT ENFORCED came with 18 */
#if PG_VERSION_NUM >= 180000
#define foreign_key_is_enforced(key) ((key)->conenforced)
#else
#define foreign_key_is_enforced(key) true
#endif

/* 18 computes some generated columns where they are read */
#ifdef ATTRIBUTE_GENERATED_VIRTUAL
#define is_virtual_column(attribute) ((attribute)->attgenerated == ATTRIBUTE_GENERATED_VIRTUAL)
#else
#define is_virtual_column(attribute) ((void) (attribute), false)
#endif

/* since 18 pg_get_loaded_modules() shows a module's name and version */
#if PG_VERSION_NUM >= 180000
#define MODULE_MAGIC PG_MODULE_MAGIC_EXT(.name = "segmentation", .version = SEGMENTATION_VERSION)
#else
#define MODULE_MAGIC PG_MODULE_MAGIC
#endif

/* 18 replaced pg_attribute_noreturn() by a specifier in front */
#if PG_VERSION_NUM < 180000
#define pg_noreturn __attribute__((noreturn))
#endif

#endif							/* SEGMENTATION_COMPAT_H */
