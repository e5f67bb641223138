/*
 * trial.h: work that may fail, or is not to last.
 */
#ifndef SEGMENTATION_TRIAL_H
#define SEGMENTATION_TRIAL_H

#include "segmentation.h"

typedef void (*TrialFunction) (void *arg);

extern ErrorData *trial_run(TrialFunction work, void *arg, bool stays);
extern ErrorData *trial_run_rule(TrialFunction work, void *arg);
extern bool is_rules_error(int code);
extern bool is_servers_error(int code);

#endif							/* SEGMENTATION_TRIAL_H */
