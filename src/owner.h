/*
 * owner.h: as whom code runs, and whose an object is.
 */
#ifndef SEGMENTATION_OWNER_H
#define SEGMENTATION_OWNER_H

#include "segmentation.h"

#include "access/attnum.h"

/* who it was before */
typedef struct CallingUser
{
	Oid			userid;
	int			sec_context;
} CallingUser;

extern CallingUser become_owner(Oid owner);
extern void restrict_operation(void);
extern CallingUser become_restricted(Oid owner);
extern void become_self(CallingUser self);
extern Oid	owner_of_object(int cache, AttrNumber column, Oid object);

#endif							/* SEGMENTATION_OWNER_H */
