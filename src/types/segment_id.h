/*
 * segment_id.h: readable ids of 1 to 24 characters in 16 bytes.
 */
#ifndef SEGMENTATION_TYPES_SEGMENT_ID_H
#define SEGMENTATION_TYPES_SEGMENT_ID_H

#include "segmentation.h"

#include "port/pg_bswap.h"

#include "types/hash.h"

#define SEGMENT_ID_MAX_LEN 24

/* two big-endian uint64 of 12 base-40 symbols each: memcmp is text order */
typedef struct SegmentId
{
	uint8		bytes[16];
} SegmentId;

#define DatumGetSegmentIdP(X) ((SegmentId *) DatumGetPointer(X))
#define SegmentIdPGetDatum(X) PointerGetDatum(X)
#define PG_GETARG_SEGMENT_ID_P(n) DatumGetSegmentIdP(PG_GETARG_DATUM(n))
#define PG_RETURN_SEGMENT_ID_P(X) return SegmentIdPGetDatum(X)

/* false after a soft error */
extern bool segment_id_parse(const char *str, size_t len, SegmentId *result,
							 struct Node *escontext);
extern bool segment_id_text_is_valid(const char *str, size_t len);

/* whether bytes from outside are an id, as strictly as parsing */
extern bool segment_id_is_valid(const SegmentId *id);

/* palloc'd */
extern char *segment_id_to_cstring(const SegmentId *id);
extern Datum segment_id_from_cstring(const char *id);
extern char *segment_id_argument(FunctionCallInfo fcinfo, int n);

static inline int
segment_id_compare(const SegmentId *a, const SegmentId *b)
{
	return memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

/* frozen, as hash.h says */
static inline uint64
segment_id_hash_value(const SegmentId *id, uint64 seed)
{
	uint64		halves[2];

	memcpy(halves, id->bytes, sizeof(halves));
	return hash_mix(hash_mix(hash_mix(seed) ^ pg_ntoh64(halves[0])) ^ pg_ntoh64(halves[1]));
}

#endif							/* SEGMENTATION_TYPES_SEGMENT_ID_H */
