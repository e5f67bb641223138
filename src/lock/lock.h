/*
 * lock.h: the lock of a customer to its segment by its first subscription.
 */
#ifndef SEGMENTATION_LOCK_LOCK_H
#define SEGMENTATION_LOCK_LOCK_H

#include "segmentation.h"

#include "access/htup.h"
#include "commands/trigger.h"
#include "nodes/pg_list.h"
#include "utils/array.h"
#include "utils/tuplestore.h"

#include "owner.h"

/* names that an application sees as constraint_name beside SQLSTATE 23514 */
#define LOCK_CONSTRAINT_CUSTOMER "segmentation_lock_customer"
#define LOCK_CONSTRAINT_SUBSCRIPTION "segmentation_lock_subscription"
#define LOCK_CONSTRAINT_OFFER "segmentation_lock_offer"
#define LOCK_CONSTRAINT_MARKET "segmentation_lock_market"

/* the catalogue's table of markets */
#define LOCK_MARKETS "segmentation.market"

#define LOCKED_AT_COLUMN "segment_locked_at"

/* a foreign key, for who looks up what it names */
typedef struct LockForeignKey
{
	Oid			index;			/* of the columns that it names */
	int			nkeys;
	AttrNumber	columns[INDEX_MAX_KEYS];	/* these, in the order of the arguments */
	Oid			operators[INDEX_MAX_KEYS];	/* such a column = the column that names it */
} LockForeignKey;

/*
 * One installed lock: what the arguments of its triggers say, and what the
 * catalog says of that.  Names of tables are qualified, all names are quoted.
 */
typedef struct LockDefinition
{
	char	   *customers;
	char	   *subscriptions;	/* NULL: what customers themselves are guarded by */
	char	   *offers;			/* NULL: subscriptions have a segment column */
	List	   *customer_key;
	char	   *customer_segment;
	List	   *subscription_customer;	/* in pairs with customer_key */
	char	   *subscription_segment;	/* NULL: offers have it */
	List	   *subscription_offer; /* in pairs with offer_key */
	List	   *offer_key;
	char	   *offer_segment;
	char	   *locks_when;		/* over alias s; NULL: every subscription */
	char	   *running_when;	/* likewise */
	List	   *evaluators;		/* of both, beside the owner of the subscriptions */
	bool		markets;		/* segments are markets of the catalogue */
	char	   *subscription_price; /* with markets; NULL: not looked at */
	char	   *held_offers;	/* offers whose key has the segment: the foreign key holds them */
	List	   *held_columns;	/* of that foreign key, in pairs with held_key */
	List	   *held_key;
	List	   *deferrable;		/* tables whose foreign keys were, when installed */

	Oid			trigger;		/* that has the arguments, if they were looked up */
	char	   *from_customers; /* as queries name them, without inheritance children */
	char	   *from_offers;
	Oid			customers_oid;
	Oid			subscriptions_oid;
	Oid			offers_oid;
	Oid			markets_oid;
	LockForeignKey customer_foreign_key;
	LockForeignKey offer_foreign_key;
	LockForeignKey market_foreign_key;
	bool		has_locked_at;	/* not yet while installing */
	bool		customer_deferrable;	/* the foreign key to the customers is */
	bool		offer_deferrable;	/* ... to the offers */
	bool		cascades;		/* ... to the customers ON UPDATE */
	List	   *customer_operators; /* customer key = subscription's column */
	List	   *offer_operators;	/* offer key = subscription's column */
	List	   *offer_key_operators;	/* offer key = value of its own type */
	List	   *key_operators;	/* customer key = value of its own type */
	List	   *subscription_key;	/* the primary key, for messages */
	char	   *segment_operator;	/* customer's segment = subscription's */
	char	   *customer_segment_operator;	/* ... = another value of its type */
	char	   *segment_cast;	/* of a subscription's segment to its type */
	Oid			market_type;	/* of a market's id */
	char	   *market_operator;	/* market's id = segment */
	char	   *currency_function;	/* of the subscription's price */
} LockDefinition;

/* quoted.c */
extern List *lock_split_names(const char *value, char separator);
extern Oid	lock_table_oid(const char *quoted_name);
extern char *lock_unquoted(const char *quoted_name);
extern AttrNumber lock_column(Relation rel, const char *quoted_name);
extern AttrNumber lock_known_column(Relation rel, const char *quoted_name);
extern void lock_refuse_virtual(Relation rel, AttrNumber attnum);

/* arguments.c */
extern LockDefinition *lock_definition_parse(int nargs, char **args);
extern LockDefinition *lock_definition_parse_array(ArrayType *arguments);

/* definition.c */
extern void lock_definition_resolve(LockDefinition *def, bool installing);
pg_noreturn extern void lock_raise_other_table(const LockDefinition *def, Oid relid);

/* definitions.c */
extern List *lock_definitions_of(Oid customers);
extern List *lock_definitions_own(Oid customers);
extern LockDefinition *lock_guard_of(Oid customers);
extern List *lock_customers_of_markets(void);
extern List *lock_definitions_readable(Oid customers);
extern char **lock_trigger_arguments(HeapTuple tuple, TupleDesc desc, int *nargs);

/* consent.c */
extern bool lock_require_consent(const LockDefinition *def, Oid trigger, Oid actor);

/* condition.c */
extern Node *lock_condition_parse_kept(const LockDefinition *def, Relation rel,
									   const char *condition);

/* author.c */
extern void lock_check_authors(Relation rel, const List *evaluators, Node *expr);
extern bool lock_runs_code(Node *expr);

/*
 * Where the subscriptions to look at come from: the rows that a trigger has
 * collected, the table, or the table's rows that name collected keys.  Collected
 * rows are the relation LOCK_ROWS or, if it is but one, parameters.
 */
typedef enum LockSource
{
	LOCK_COLLECTED,				/* their offers still to be looked up */
	LOCK_FETCHED,				/* their segments known */
	LOCK_TABLE,
	LOCK_OF_CUSTOMERS,
	LOCK_OF_OFFERS				/* those that there are */
} LockSource;

/* the relation of rows that a trigger has collected, as queries name it */
#define LOCK_ROWS "segmentation_rows"

typedef enum LockQuery
{
	LOCK_QUERY_AGREE,			/* those that are as promised */
	LOCK_QUERY_CHECK,			/* counts of missing, contradicted, unlocked */
	LOCK_QUERY_CONFLICT,		/* the first contradiction */
	LOCK_QUERY_SHARE_OFFERS,	/* hold the offers */
	LOCK_QUERY_SHARE,			/* hold the customers */
	LOCK_QUERY_ORDER,			/* hold those to be locked, in key order */
	LOCK_QUERY_LOCK,			/* lock them */
	LOCK_QUERY_FETCH,			/* the rows themselves */
	LOCK_QUERY_HOLD_KEYS,		/* keep subscriptions off collected customers or offers */
	LOCK_QUERY_SUBSCRIBED,		/* who runs on it */
	LOCK_QUERY_ROWS,			/* the rows, with the keys of subscriptions */
	LOCK_QUERY_UNLOCKED,		/* how many customers are to be locked */
	LOCK_QUERY_INSTALL_CONFLICTS,
	LOCK_QUERY_MARKET_CONFLICTS,
	LOCK_QUERY_BLOCKERS,
	LOCK_QUERY_VIOLATIONS,
	LOCK_CONDITION_CUSTOMER,	/* of the triggers' WHEN */
	LOCK_CONDITION_OFFER
} LockQuery;
#define LOCK_N_PLANS (LOCK_QUERY_SUBSCRIBED + 1)

/* text.c */
extern char *lock_text_match(const char *left, const List *left_columns, const List *operators, const char *right, const List *right_columns);
extern List *lock_text_numbered(char letter, const List *columns);
extern char *lock_text_columns(const char *alias, const List *columns, const char *cast);
extern List *lock_text_key_names(const LockDefinition *def);
extern char *lock_text_array(const char *alias, const List *columns);
extern char *lock_text_market_join(const LockDefinition *def, const char *segment);
extern char *lock_text_rows(const LockDefinition *def, LockSource source, const char *collected);
extern char *lock_text_customer_match(const LockDefinition *def);
extern char *lock_text_first_key(const LockDefinition *def);

/* queries.c */
extern char *lock_query(const LockDefinition *def, LockSource source,
						const char *collected, LockQuery query);
extern LockQuery lock_query_by_name(const char *name);
extern LockDefinition *lock_definition_from_array(ArrayType *arguments);

/* messages.c */
extern char *lock_key_text(const LockDefinition *def, const char *values);
extern char *lock_segment_text(const char *segment);
extern char *lock_move_call(const LockDefinition *def, const char *key,
							const char *to_segment);
extern char *lock_array_text(const List *values);
extern char *lock_key_array(Relation rel, const List *columns, TupleTableSlot *slot);
extern char *lock_key_values(Relation rel, const List *columns, TupleTableSlot *slot);
pg_noreturn extern void lock_raise_no_market(Relation rel, const char *segment);
extern int	lock_errhint_type(Relation rel, const char *quoted_name, Oid type);
extern int	lock_errhint_closed(const char *market, const char *status);
pg_noreturn extern void lock_raise_trigger_misuse(const char *function);
pg_noreturn extern void lock_raise_incomplete(void);
extern char *lock_call(const LockDefinition *def, const char *function);
extern int	lock_errhint_renew(const LockDefinition *def);
extern int	lock_errhint_change(const LockDefinition *def);

/* rights.c */
pg_noreturn extern void lock_raise_denied(Oid relid, const char *privileges, const char *why);
extern void lock_require_select(Oid relid, const List *columns, const char *why);
extern void lock_require_update(Oid relid, const List *columns, const char *why);

/* invalidation.c */
typedef void (*LockTableListener) (Oid relid);
typedef void (*LockTypeListener) (uint32 hashvalue);

extern uint64 lock_invalidations(void);
extern void lock_listen(LockTableListener table, LockTypeListener type);

/* watch.c */
extern void lock_require_watched(Relation rel, const List *columns);

/* what queries of a lock are given */
typedef struct LockParameters
{
	int			count;
	Oid		   *types;
	Datum	   *values;
} LockParameters;

typedef struct OwnersView
{
	CallingUser self;
	int			save_nestlevel;
} OwnersView;

#define LOCK_ASKER_NEEDS "Who asks needs SELECT on customers, subscriptions and offers."

/* look.c */
pg_noreturn extern void lock_raise_none(Oid customers);
extern void lock_resolve_consented(LockDefinition *def);
extern OwnersView lock_enter_owners_view(const LockDefinition *def);
extern void lock_leave_owners_view(OwnersView view);
extern void lock_require_readable(Oid relid);
extern uint64 lock_query_execute(const char *sql, const LockParameters *parameters);
extern void lock_return_rows(const LockDefinition *def, const LockParameters *parameters, LockQuery query, Tuplestorestate *store);

/* as errors name it */
typedef struct BlockedMove
{
	const char *customer;		/* "(id)=(42)" */
	const char *key;			/* text[] */
	const char *to_segment;
} BlockedMove;

/* blockers.c */
extern void lock_refuse_if_blocked(const LockDefinition *def, const LockParameters *parameters, const BlockedMove *move);

/* permit.c */
extern bool lock_move_permits(Oid customers, const char *key, Datum *segment);
extern void lock_permit_move(Oid customers, const char *key, Datum segment);
extern void lock_forbid_move(void);

/* move.c: the one way through the guard of the customers */
extern List *lock_unquoted_key(const LockDefinition *def);

/* attempt.c */
extern bool lock_try(Oid subscriptions, Oid customers, void (*work) (void *arg), void *arg);

/* forget.c */
extern List *lock_key_of(Oid customers);
extern bool lock_has_moves(Oid customers);
extern int64 lock_forget_moves_of(Oid customers, ArrayType *key);
extern int64 lock_forget_offers_of(Oid customers, ArrayType *key);

#endif							/* SEGMENTATION_LOCK_LOCK_H */
