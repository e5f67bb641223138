/*
 * server.h: what stands for the server where its types are fuzzed.
 */
#ifndef FUZZ_SERVER_H
#define FUZZ_SERVER_H

#include "segmentation.h"

/* calls a function with one or two arguments; false where it raises an error */
extern bool call(PGFunction function, int arguments, Datum a, Datum b, Datum *result);

/* aborts where an input function does not report softly what it would raise */
extern void check_soft_error(PGFunction in, char *text);

/* everything that was allocated */
extern void free_all(void);

#endif							/* FUZZ_SERVER_H */
