/*
 * refusal.h: errors of ours as their readers want them.
 */
#ifndef SEGMENTATION_REFUSAL_H
#define SEGMENTATION_REFUSAL_H

#include "segmentation.h"

#include "executor/spi.h"
#include "nodes/pg_list.h"

extern ErrorContextCallback *context_hide_own(void);
extern int	execute_untold(const char *sql, int nargs, Oid *types, Datum *values, const char *nulls, bool read_only, long count);
extern int	execute_extended_untold(const char *sql, const SPIExecuteOptions *options);
extern SPIPlanPtr prepare_untold(const char *sql, int nargs, Oid *types, int options);
extern int	execute_plan_untold(SPIPlanPtr plan, Datum *values, const char *nulls, bool read_only, long count);
extern int	execute_plan_extended_untold(SPIPlanPtr plan, const SPIExecuteOptions *options);
extern int	execute_snapshot_untold(SPIPlanPtr plan, Datum *values, const char *nulls, Snapshot snapshot, Snapshot crosscheck);
extern List *nearest_first(List *names, const char *wanted, size_t len);
extern char *first_ten(List *names, const char *separator);

#endif							/* SEGMENTATION_REFUSAL_H */
