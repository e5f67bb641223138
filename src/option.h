/*
 * option.h: settings for a while.
 */
#ifndef SEGMENTATION_OPTION_H
#define SEGMENTATION_OPTION_H

#include "segmentation.h"

extern void set_option(const char *name, const char *value);

#endif							/* SEGMENTATION_OPTION_H */
