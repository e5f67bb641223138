/*
 * segmentation.h: what all rooms share.
 */
#ifndef SEGMENTATION_H
#define SEGMENTATION_H

#include "postgres.h"

#include "fmgr.h"

#include "compat.h"

#endif							/* SEGMENTATION_H */
