/*
 * segmentation.h: what every file includes first.
 */
#ifndef SEGMENTATION_H
#define SEGMENTATION_H

#include "postgres.h"

#include "fmgr.h"

#include "compat.h"

#endif							/* SEGMENTATION_H */
