/*
 * segmentation.c: the module's entry point.
 */
#include "segmentation.h"

PG_MODULE_MAGIC;
