/*
 * segmentation.h: what all rooms share.
 */
#ifndef SEGMENTATION_H
#define SEGMENTATION_H

#include "postgres.h"

#include "fmgr.h"

#include "compat.h"

extern void set_option(const char *name, const char *value);

#endif							/* SEGMENTATION_H */
