/*
 * owner.c: as whom code runs, and whose an object is.
 */
#include "segmentation.h"

#include "miscadmin.h"
#include "utils/syscache.h"

#include "owner.h"

/* until become_self, or the error that ends the transaction or subtransaction */
CallingUser
become_owner(Oid owner)
{
	CallingUser self;

	GetUserIdAndSecContext(&self.userid, &self.sec_context);
	SetUserIdAndSecContext(owner, self.sec_context | SECURITY_LOCAL_USERID_CHANGE |
						   SECURITY_NOFORCE_RLS);
	return self;
}

/* for code of the owner's that the session's user has not asked for */
void
restrict_operation(void)
{
	Oid			userid;
	int			sec_context;

	GetUserIdAndSecContext(&userid, &sec_context);
	SetUserIdAndSecContext(userid, sec_context | SECURITY_RESTRICTED_OPERATION);
}

/* to run as an owner what somebody else asks for */
CallingUser
become_restricted(Oid owner)
{
	CallingUser self;

	GetUserIdAndSecContext(&self.userid, &self.sec_context);
	SetUserIdAndSecContext(owner, self.sec_context | SECURITY_LOCAL_USERID_CHANGE |
						   SECURITY_RESTRICTED_OPERATION);
	return self;
}

void
become_self(CallingUser self)
{
	SetUserIdAndSecContext(self.userid, self.sec_context);
}

/* of what one of the server's caches has; the column is that of the owner */
Oid
owner_of_object(int cache, AttrNumber column, Oid object)
{
	HeapTuple	tuple = SearchSysCache1(cache, ObjectIdGetDatum(object));
	bool		isnull;
	Oid			owner;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for object %u", object);
	owner = DatumGetObjectId(SysCacheGetAttr(cache, tuple, column, &isnull));
	ReleaseSysCache(tuple);
	return owner;
}
