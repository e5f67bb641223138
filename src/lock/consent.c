/*
 * consent.c: whether an owner has agreed that a trigger of a lock acts as him.
 *
 * Where tables of a lock belong to several roles, a trigger that acts as the owner
 * of its table has triggers, policies and indexes of others run with his rights.
 * That is for him to allow; but a trigger does not record who has made it, and
 * TRIGGER is a privilege that can be granted.  Only an owner can comment on a
 * trigger of his table, and dumps keep comments.  One who has TRIGGER could replace
 * a trigger under its comment, and a table be given to somebody else: so that has
 * the arguments and the owner's name.
 */
#include "segmentation.h"

#include "access/table.h"
#include "catalog/pg_trigger.h"
#include "commands/comment.h"
#include "miscadmin.h"
#include "utils/acl.h"

#include "relation.h"
#include "lock/lock.h"

/* as lock_agreement() in triggers.sql writes it */
#define CONSENT "acts as role \"%s\", the owner of its table, who has agreed to: "

/* that which a partition's trigger is a copy of */
static HeapTuple
root_trigger(Relation triggers, Oid trigger)
{
	HeapTuple	tuple = get_catalog_object_by_oid(triggers, Anum_pg_trigger_oid, trigger);

	while (HeapTupleIsValid(tuple) && OidIsValid(((Form_pg_trigger) GETSTRUCT(tuple))->tgparentid))
		tuple = get_catalog_object_by_oid(triggers, Anum_pg_trigger_oid, ((Form_pg_trigger) GETSTRUCT(tuple))->tgparentid);
	return tuple;
}

static char *
consent_of(Oid owner, HeapTuple tuple, TupleDesc desc)
{
	StringInfoData buf;
	int			nargs;
	char	  **args = lock_trigger_arguments(tuple, desc, &nargs);

	initStringInfo(&buf);
	appendStringInfo(&buf, CONSENT, GetUserNameFromId(owner, false));
	for (int i = 0; i < nargs; i++)
		appendStringInfo(&buf, "%s%s", i > 0 ? ", " : "", args[i]);
	return buf.data;
}

/* may_consent: whether the owner of the root has the rights of the one as whom it acts, who may own a partition */
static bool
has_consent(Oid trigger, Oid actor, bool *may_consent)
{
	Relation	triggers = table_open(TriggerRelationId, AccessShareLock);
	HeapTuple	root = root_trigger(triggers, trigger);
	bool		result = false;

	*may_consent = false;
	if (HeapTupleIsValid(root))
	{
		Form_pg_trigger form = (Form_pg_trigger) GETSTRUCT(root);
		Oid			owner = relation_owner(form->tgrelid);
		char	   *comment = GetComment(form->oid, TriggerRelationId, 0);

		*may_consent = OidIsValid(owner) && has_privs_of_role(owner, actor);
		result = *may_consent && comment && strcmp(comment, consent_of(owner, root, RelationGetDescr(triggers))) == 0;
	}
	table_close(triggers, AccessShareLock);
	return result;
}

/* InvalidOid where all have the rights of the actor */
static Oid
find_other(const LockDefinition *def, Oid actor)
{
	Oid			tables[] = {def->customers_oid, def->subscriptions_oid, def->offers_oid};

	for (size_t i = 0; i < lengthof(tables); i++)
	{
		Oid			owner = OidIsValid(tables[i]) ? relation_owner(tables[i]) : InvalidOid;

		if (OidIsValid(owner) && !has_privs_of_role(owner, actor))
			return owner;
	}
	return InvalidOid;
}

/*
 * Of the owner as whom a trigger, or who reads its table, acts on tables of others;
 * whether there are such.  A session is not told that a comment has changed.
 */
bool
lock_require_consent(const LockDefinition *def, Oid trigger, Oid actor)
{
	Oid			other = find_other(def, actor);
	bool		may_consent;

	if (!OidIsValid(other))
		return false;
	if (has_consent(trigger, actor, &may_consent))
		return true;
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("role \"%s\" has not agreed to the lock of %s",
					GetUserNameFromId(actor, true), def->customers),
			 errdetail("The lock acts as that role on tables of role \"%s\", which has not its rights.",
					   GetUserNameFromId(other, true)),
			 may_consent ?
			 errhint("Renew the lock as a role that has the rights of both%s", lock_call(def, "renew_lock")) :
			 errhint("Give the partition that belongs to that role to the owner of its table.")));
	pg_unreachable();
}
