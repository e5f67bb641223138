/*
 * snapshot_key.h: what tells whether two moments see the same rows.
 */
#ifndef SEGMENTATION_MARKET_SNAPSHOT_KEY_H
#define SEGMENTATION_MARKET_SNAPSHOT_KEY_H

#include "segmentation.h"

#include "utils/snapshot.h"

typedef struct SnapshotKey SnapshotKey;

extern SnapshotKey *snapshot_key_make(Snapshot snapshot);
extern bool snapshot_key_matches(const SnapshotKey *key, Snapshot snapshot);

#endif							/* SEGMENTATION_MARKET_SNAPSHOT_KEY_H */
