-- the locks that there are

-- Each lock by the trigger that its subscriptions have on INSERT.  Where these
-- are gone, what is left is the guard of the customers; the first argument of
-- both names the customers.
CREATE VIEW segmentation.lock AS
    WITH trigger AS (
        SELECT t.tgrelid, t.tgfoid, segmentation_internal.lock_arguments(t.oid) AS arguments,
               (t.tgtype OPERATOR(pg_catalog.&) 4::pg_catalog.int2) OPERATOR(pg_catalog.<>) 0 AS on_insert,
               (t.tgtype OPERATOR(pg_catalog.&) 16::pg_catalog.int2) OPERATOR(pg_catalog.<>) 0 AS on_update
          FROM pg_catalog.pg_trigger t
         WHERE t.tgfoid OPERATOR(pg_catalog.=) ANY (ARRAY['segmentation_internal.lock_subscription()'::pg_catalog.regprocedure,
                                                          'segmentation_internal.lock_customer()'::pg_catalog.regprocedure]::pg_catalog.oid[])
           AND t.tgparentid OPERATOR(pg_catalog.=) 0::pg_catalog.oid
           AND NOT t.tgdeferrable
    ), installed AS (
        SELECT t.tgrelid::pg_catalog.regclass AS subscriptions, t.tgrelid, t.arguments
          FROM trigger t
         WHERE t.tgfoid OPERATOR(pg_catalog.=) 'segmentation_internal.lock_subscription()'::pg_catalog.regprocedure AND t.on_insert
         UNION ALL
        SELECT NULL, t.tgrelid, t.arguments
          FROM trigger t
         WHERE t.tgfoid OPERATOR(pg_catalog.=) 'segmentation_internal.lock_customer()'::pg_catalog.regprocedure AND t.on_update
           AND NOT EXISTS (SELECT FROM trigger s
                            WHERE s.tgfoid OPERATOR(pg_catalog.<>) t.tgfoid
                              AND s.arguments[1] OPERATOR(pg_catalog.=) t.arguments[1])
    )
    SELECT i.subscriptions,
           pg_catalog.split_part(a.argument, '=', 1) AS argument,
           pg_catalog.substr(a.argument, pg_catalog.strpos(a.argument, '=') OPERATOR(pg_catalog.+) 1) AS value
      FROM installed i
           CROSS JOIN LATERAL pg_catalog.unnest(i.arguments) WITH ORDINALITY a(argument, n)
     ORDER BY i.tgrelid, a.n;
GRANT SELECT ON segmentation.lock TO PUBLIC;
COMMENT ON VIEW segmentation.lock IS 'installed locks: for each table of subscriptions, what install_lock was told or found; and customers that are guarded still though their subscriptions'' table is gone';
COMMENT ON COLUMN segmentation.lock.subscriptions IS 'table of subscriptions that has the lock; NULL where it was dropped and the customers are guarded still';
COMMENT ON COLUMN segmentation.lock.argument IS 'name of an argument';
COMMENT ON COLUMN segmentation.lock.value IS 'its value; names are quoted where they need it';
