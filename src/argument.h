/*
 * argument.h: arguments of SQL functions that may be NULL.
 */
#ifndef SEGMENTATION_ARGUMENT_H
#define SEGMENTATION_ARGUMENT_H

#include "segmentation.h"

extern void argument_require(FunctionCallInfo fcinfo, int n, const char *name);
extern char *argument_text(FunctionCallInfo fcinfo, int n);
extern char *argument_name(FunctionCallInfo fcinfo, int n);

#endif							/* SEGMENTATION_ARGUMENT_H */
