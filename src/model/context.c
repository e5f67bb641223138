/*
 * context.c: as whom, and by which names, statements of ours run.
 *
 * What has been entered ends with model_leave, or with the error that ends the
 * transaction or subtransaction.
 */
#include "segmentation.h"

#include "miscadmin.h"
#include "utils/guc.h"

#include "option.h"
#include "model/model.h"

/* as somebody, with names of ours only */
void
context_enter(Oid userid, int flags, ModelContext *saved)
{
	GetUserIdAndSecContext(&saved->userid, &saved->sec_context);
	SetUserIdAndSecContext(userid, saved->sec_context | flags);
	saved->nestlevel = NewGUCNestLevel();
	set_option("search_path", "pg_catalog, pg_temp");
}

/* expressions of a table's indexes and the like are evaluated in planning, by whoever reads it */
void
table_enter(Oid relid, ModelContext *saved)
{
	context_enter(relation_owner(relid), SECURITY_LOCAL_USERID_CHANGE | SECURITY_RESTRICTED_OPERATION, saved);
	set_option("row_security", "off");
}

/*
 * The catalogue's tables belong to whoever has created the extension, and only
 * our functions write them: statements with a fixed text, after their own check
 * of who asks.
 */
void
catalogue_enter(ModelContext *saved)
{
	Oid			owner = relation_owner(catalogue_relation("model"));

	context_enter(owner, SECURITY_LOCAL_USERID_CHANGE, saved);
}

/* statements that the caller could make as well: only what names mean is safe */
void
model_enter_caller(ModelContext *saved)
{
	context_enter(GetUserId(), 0, saved);
}

void
model_leave(const ModelContext *saved)
{
	AtEOXact_GUC(false, saved->nestlevel);
	SetUserIdAndSecContext(saved->userid, saved->sec_context);
}
