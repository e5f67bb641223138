/*
 * time_zone.h: names of time zones.
 */
#ifndef SEGMENTATION_RULE_TIME_ZONE_H
#define SEGMENTATION_RULE_TIME_ZONE_H

#include "segmentation.h"

extern char *time_zone_name(const char *name);

#endif							/* SEGMENTATION_RULE_TIME_ZONE_H */
