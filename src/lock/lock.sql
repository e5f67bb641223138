-- the lock: triggers, and what moves and inspects customers

CREATE TABLE segmentation.customer_move (
    customers text NOT NULL,
    customer_key text[] NOT NULL,
    moved_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    moved_by name NOT NULL DEFAULT SESSION_USER,
    from_segment text,
    to_segment text NOT NULL,
    reason text NOT NULL,
    relation segmentation_internal.relation_reference,
    PRIMARY KEY (customer_key, customers, moved_at)
);
SELECT pg_catalog.pg_extension_config_dump('segmentation.customer_move', '');
COMMENT ON TABLE segmentation.customer_move IS 'moves of customers to another segment by segmentation.move_customer';
COMMENT ON COLUMN segmentation.customer_move.customers IS 'table of customers, as its lock named it then';
COMMENT ON COLUMN segmentation.customer_move.customer_key IS 'key of the customer, one value per key column';
COMMENT ON COLUMN segmentation.customer_move.moved_at IS 'when, by the clock';
COMMENT ON COLUMN segmentation.customer_move.moved_by IS 'who: the role that had logged in';
COMMENT ON COLUMN segmentation.customer_move.from_segment IS 'segment before the move, NULL where there was none';
COMMENT ON COLUMN segmentation.customer_move.to_segment IS 'segment since the move';
COMMENT ON COLUMN segmentation.customer_move.reason IS 'why, as the caller said';
COMMENT ON COLUMN segmentation.customer_move.relation IS 'table of customers, whatever its name is now';

CREATE FUNCTION segmentation_internal.lock_subscription() RETURNS trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'lock_subscription';
COMMENT ON FUNCTION segmentation_internal.lock_subscription() IS 'trigger of a lock on subscriptions: locks their customers, refuses another segment';

CREATE FUNCTION segmentation_internal.lock_statement() RETURNS trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'lock_statement';
COMMENT ON FUNCTION segmentation_internal.lock_statement() IS 'trigger of a lock on partitioned subscriptions: those of one statement are checked together';

CREATE FUNCTION segmentation_internal.lock_customer() RETURNS trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'lock_customer';
COMMENT ON FUNCTION segmentation_internal.lock_customer() IS 'trigger of a lock on customers: refuses to change the segment, lock or key of a locked one, also on its way to another partition';

-- immutable to the statement that asks
CREATE FUNCTION segmentation_internal.lock_watches(relation regclass, columns name[]) RETURNS boolean
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lock_watches';
COMMENT ON FUNCTION segmentation_internal.lock_watches(regclass, name[]) IS 'true, or an error where no trigger of a lock looks at these columns, for others have their names now';

CREATE FUNCTION segmentation_internal.lock_new_customer() RETURNS trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'lock_new_customer';
COMMENT ON FUNCTION segmentation_internal.lock_new_customer() IS 'trigger of a lock on customers: checks the subscriptions of a key that has changed hands, and locks its new customer';

-- without row security: subscriptions that the owner of the offers does not see count too
CREATE FUNCTION segmentation_internal.lock_offer() RETURNS trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'lock_offer'
    SET search_path = pg_catalog, pg_temp SET row_security = off;
COMMENT ON FUNCTION segmentation_internal.lock_offer() IS 'trigger of a lock on offers: refuses to change the segment of a subscribed one';

CREATE FUNCTION segmentation_internal.lock_new_offer() RETURNS trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'lock_new_offer';
COMMENT ON FUNCTION segmentation_internal.lock_new_offer() IS 'trigger of a lock on offers: checks the subscriptions of a key that has changed hands';

CREATE FUNCTION segmentation_internal.lock_arguments(trigger oid) RETURNS text[]
    LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lock_arguments';
COMMENT ON FUNCTION segmentation_internal.lock_arguments(oid) IS 'arguments of a trigger, NULL where it has none';

CREATE FUNCTION segmentation_internal.lock_condition(subscriptions regclass, condition text, argument text,
    OUT expression text, OUT columns name[])
    LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lock_condition';
COMMENT ON FUNCTION segmentation_internal.lock_condition(regclass, text, text) IS 'a condition over a subscription, checked, with all names qualified, and the columns that it reads';

CREATE FUNCTION segmentation_internal.lock_query(arguments text[], query text) RETURNS text
    LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lock_query_text';
COMMENT ON FUNCTION segmentation_internal.lock_query(text[], text) IS 'a condition or query of the lock that has these trigger arguments';

CREATE FUNCTION segmentation_internal.lock_run(arguments text[], query text) RETURNS SETOF record
    LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'lock_run';
COMMENT ON FUNCTION segmentation_internal.lock_run(text[], text) IS 'the rows of a query of the lock that has these trigger arguments; each table is read and written as its owner';

CREATE FUNCTION segmentation.move_blockers(customers regclass, key text[], to_segment text)
    RETURNS TABLE (subscriptions regclass, subscription_key text[], segment text)
    LANGUAGE c SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'lock_move_blockers';
COMMENT ON FUNCTION segmentation.move_blockers(regclass, text[], text) IS 'running subscriptions that stand in the way of moving a customer to a segment';

CREATE FUNCTION segmentation.move_customer(customers regclass, key text[], to_segment text, reason text)
    RETURNS segmentation.customer_move
    LANGUAGE c AS 'MODULE_PATHNAME', 'lock_move_customer';
REVOKE EXECUTE ON FUNCTION segmentation.move_customer(regclass, text[], text, text) FROM PUBLIC;
COMMENT ON FUNCTION segmentation.move_customer(regclass, text[], text, text) IS 'moves a customer to another segment, if nothing stands in the way, and records it';

CREATE FUNCTION segmentation.forget_moves(customers regclass, key text[]) RETURNS bigint
    LANGUAGE c AS 'MODULE_PATHNAME', 'lock_forget_moves';
COMMENT ON FUNCTION segmentation.forget_moves(regclass, text[]) IS
    'deletes the records of a customer''s moves, and says how many; for the owner of the customers';

CREATE FUNCTION segmentation.lock_violations(customers regclass)
    RETURNS TABLE (subscriptions regclass, subscription_key text[], customer_key text[],
                   customer_segment text, subscription_segment text, violation text)
    LANGUAGE c SET search_path = pg_catalog, pg_temp SET row_security = off
    AS 'MODULE_PATHNAME', 'lock_violations';
COMMENT ON FUNCTION segmentation.lock_violations(regclass) IS 'subscriptions that contradict their customer''s segment or lock, which came in while triggers were off';
