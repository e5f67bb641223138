/*
 * subscriber.c: models whose answers come by logical replication.
 *
 * A refresh there would write rows that the publisher goes on to change: the
 * two sides would contradict each other, and replication would stop at the
 * first answer that both have inserted.
 */
#include "segmentation.h"

#include "access/htup_details.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_subscription.h"
#include "catalog/pg_subscription_rel.h"
#include "utils/catcache.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "model/model.h"

/* the subscription of this database that writes it; NULL where none does */
static char *
subscription_of(Oid relid)
{
	CatCList   *list = SearchSysCacheList1(SUBSCRIPTIONRELMAP, ObjectIdGetDatum(relid));
	char	   *result = NULL;

	for (int i = 0; i < list->n_members && result == NULL; i++)
		result = get_subscription_name(((Form_pg_subscription_rel) GETSTRUCT(&list->members[i]->tuple))->srsubid, true);
	ReleaseSysCacheList(list);
	return result;
}

/* a table, or a partition that is published by itself */
static void
refuse_subscribed(const Model *model, Oid relid)
{
	ListCell   *cell;

	foreach(cell, find_all_inheritors(relid, NoLock, NULL))
	{
		char	   *subscription = subscription_of(lfirst_oid(cell));

		if (subscription)
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("cannot refresh model \"%s\" on a subscriber", model->id),
					 errdetail("Subscription \"%s\" brings the rows of table %s from the publisher.",
							   subscription, relation_name(lfirst_oid(cell))),
					 errhint("Refresh it on the publisher. To refresh it here, end that with DROP SUBSCRIPTION first.")));
	}
}

void
model_refuse_subscriber(const Model *model)
{
	refuse_subscribed(model, model->assignment);
	refuse_subscribed(model, model->history);
	refuse_subscribed(model, catalogue_relation("model"));
}
