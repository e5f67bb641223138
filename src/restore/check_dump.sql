-- what a dump of this database would lose
--
-- Whatever the server keeps as an expression is looked at, but for bounds of
-- partitions, which are constants, and row filters of publications, in which it
-- takes no operators and types but its own.

CREATE FUNCTION segmentation_internal.dump_fault(class oid, object oid, OUT fault text, OUT definition text)
    LANGUAGE c STRICT AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION segmentation_internal.dump_fault(oid, oid) IS
    'why what a dump prints of an object cannot be read again as what it was, NULL where it can; and what is printed';

CREATE FUNCTION segmentation.check_dump()
    RETURNS TABLE (object text, kind text, reason text, instead text)
    LANGUAGE sql SET search_path = pg_catalog, pg_temp SET standard_conforming_strings = on AS $$
    WITH candidate AS (
        SELECT 'pg_rewrite'::regclass AS class, r.oid, 'pg_class'::regclass AS of_class, ev_class AS of_object,
               CASE WHEN rulename <> '_RETURN' THEN 'rule' WHEN relkind = 'm' THEN 'materialized view' ELSE 'view' END AS kind,
               CASE WHEN rulename <> '_RETURN' THEN pg_describe_object('pg_rewrite'::regclass, r.oid, 0)
                    ELSE pg_describe_object('pg_class'::regclass, ev_class, 0) END AS object
          FROM pg_rewrite r JOIN pg_class c ON c.oid = ev_class
        UNION ALL
        SELECT 'pg_constraint'::regclass, oid, CASE conrelid WHEN 0 THEN 'pg_type'::regclass ELSE 'pg_class'::regclass END,
               CASE conrelid WHEN 0 THEN contypid ELSE conrelid END, CASE conrelid WHEN 0 THEN 'domain' ELSE 'check' END,
               CASE conrelid WHEN 0 THEN format('constraint %I on domain %s', conname, format_type(contypid, NULL))
                    ELSE pg_describe_object('pg_constraint'::regclass, oid, 0) END
          FROM pg_constraint WHERE contype = 'c'
        UNION ALL
        SELECT 'pg_attrdef'::regclass, d.oid, 'pg_class'::regclass, adrelid,
               CASE attgenerated WHEN '' THEN 'default' ELSE 'generated column' END,
               pg_describe_object('pg_class'::regclass, adrelid, adnum)
          FROM pg_attrdef d JOIN pg_attribute ON attrelid = adrelid AND attnum = adnum
        UNION ALL
        SELECT 'pg_trigger'::regclass, oid, 'pg_class'::regclass, tgrelid, 'trigger', pg_describe_object('pg_trigger'::regclass, oid, 0)
          FROM pg_trigger WHERE tgqual IS NOT NULL AND NOT tgisinternal AND tgparentid = 0
        UNION ALL
        SELECT 'pg_index'::regclass, indexrelid, 'pg_class'::regclass, indrelid, 'index', pg_describe_object('pg_class'::regclass, indexrelid, 0)
          FROM pg_index WHERE indexprs IS NOT NULL OR indpred IS NOT NULL
        UNION ALL
        SELECT 'pg_policy'::regclass, oid, 'pg_class'::regclass, polrelid, 'policy', pg_describe_object('pg_policy'::regclass, oid, 0)
          FROM pg_policy
        UNION ALL
        SELECT 'pg_proc'::regclass, oid, 'pg_proc'::regclass, oid, 'function', pg_describe_object('pg_proc'::regclass, oid, 0)
          FROM pg_proc WHERE prosqlbody IS NOT NULL OR proargdefaults IS NOT NULL AND prokind <> 'a'
        UNION ALL
        SELECT 'pg_type'::regclass, oid, 'pg_type'::regclass, oid, 'domain default', pg_describe_object('pg_type'::regclass, oid, 0)
          FROM pg_type WHERE typdefaultbin IS NOT NULL
        UNION ALL
        SELECT 'pg_partitioned_table'::regclass, partrelid, 'pg_class'::regclass, partrelid, 'partition key', pg_describe_object('pg_class'::regclass, partrelid, 0)
          FROM pg_partitioned_table WHERE partexprs IS NOT NULL
        UNION ALL
        SELECT 'pg_statistic_ext'::regclass, oid, 'pg_class'::regclass, stxrelid, 'statistics', pg_describe_object('pg_statistic_ext'::regclass, oid, 0)
          FROM pg_statistic_ext WHERE stxexprs IS NOT NULL
    ), dumped AS MATERIALIZED (
        SELECT class, oid, kind, object
          FROM candidate c
         WHERE of_object >= 16384
           AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = of_class AND d.objid = of_object AND d.deptype = 'e')
           AND NOT EXISTS (SELECT FROM pg_class r WHERE of_class = 'pg_class'::regclass AND r.oid = of_object AND r.relpersistence = 't')
    )
    SELECT c.object, c.kind, f.fault,
           nullif(concat_ws('; ',
               CASE WHEN f.definition ~ ' IS (NOT )?DISTINCT FROM ' THEN 'a IS DISTINCT FROM b: (a = b) IS NOT TRUE AND (a IS NOT NULL OR b IS NOT NULL)' END,
               CASE WHEN f.definition ~ 'NULLIF\(' THEN 'NULLIF(a, b): CASE WHEN a = b THEN NULL ELSE a END' END,
               CASE WHEN f.definition ~ '\mCASE (?!\s*WHEN)' THEN 'CASE a WHEN b THEN c END: CASE WHEN a = b THEN c END' END,
               CASE WHEN f.definition ~ 'USING \(' AND f.definition ~ 'JOIN' THEN 'JOIN t USING (a): JOIN t ON t.a = s.a' END,
               CASE WHEN f.definition ~ 'ROW\(.*(<|>)|\) (IN|OPERATOR\([^)]*\) ANY) ?\(' THEN '(a, b) < (c, d): a < c OR a = c AND b < d; (a, b) IN (SELECT c, d FROM t): EXISTS (SELECT FROM t WHERE a = c AND b = d)' END), '')
      FROM dumped c CROSS JOIN LATERAL segmentation_internal.dump_fault(c.class, c.oid) f
     WHERE f.fault IS NOT NULL
     ORDER BY c.kind, c.object
$$;
COMMENT ON FUNCTION segmentation.check_dump() IS
    'objects of this database that a dump would lose, since what it prints of them is not read again as what it was: why, and what to write instead';
