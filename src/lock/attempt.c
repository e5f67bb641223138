/*
 * attempt.c: looking at locks one by one, so that a table of somebody else's
 * keeps nobody from being told of the others.
 */
#include "segmentation.h"

#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"

#include "relation.h"
#include "trial.h"
#include "lock/lock.h"

/*
 * Work over subscriptions.  Whoever has the rights of the customers' owner is to
 * mend their lock first: an error.  What somebody else has on a table of his own is
 * a warning, and false is returned.
 */
bool
lock_try(Oid subscriptions, Oid customers, void (*work) (void *arg), void *arg)
{
	Oid			owner = relation_owner(subscriptions);
	ErrorData  *error;

	if (!OidIsValid(owner) || has_privs_of_role(owner, relation_owner(customers)))
	{
		work(arg);
		return true;
	}
	error = trial_run(work, arg, true);
	if (error == NULL)
		return true;
	if (is_servers_error(error->sqlerrcode))
		ReThrowError(error);
	ereport(WARNING,
			(errcode(error->sqlerrcode),
			 errmsg("could not look for violations in %s of role %s: %s", relation_name(subscriptions),
					quote_identifier(GetUserNameFromId(owner, false)), error->message),
			 error->hint ? errhint("%s", error->hint) : 0));
	return false;
}
