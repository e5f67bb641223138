/*
 * hash.h: the mixing step of our hash functions.
 *
 * Hash values decide in which partition and on which node a stored row lies,
 * so that they are frozen: computed from integers, not bytes, and by none of
 * the server's functions.
 */
#ifndef SEGMENTATION_TYPES_HASH_H
#define SEGMENTATION_TYPES_HASH_H

#include "segmentation.h"

/*
 * The finalizer of splitmix64 (Steele, Lea, Flood 2014): each bit of the input
 * decides about half of the bits of the output.
 */
static inline uint64
hash_mix(uint64 x)
{
	x = (x ^ (x >> 30)) * UINT64CONST(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64CONST(0x94d049bb133111eb);
	return x ^ (x >> 31);
}

#endif							/* SEGMENTATION_TYPES_HASH_H */
