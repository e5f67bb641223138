/*
 * owner.h: as whom code runs.
 */
#ifndef SEGMENTATION_OWNER_H
#define SEGMENTATION_OWNER_H

#include "segmentation.h"

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

#endif							/* SEGMENTATION_OWNER_H */
