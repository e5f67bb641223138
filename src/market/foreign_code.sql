-- whose code runs when a table is read

-- The planner evaluates what it can of the functions of constraints, indexes,
-- statistics and partition keys, as the one who reads.
CREATE FUNCTION segmentation_internal.foreign_code(relation oid, reader oid) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    WITH RECURSIVE part AS (
        SELECT relation AS relid UNION SELECT i.inhrelid FROM pg_inherits i JOIN part p ON i.inhparent = p.relid
    ), object AS (
        SELECT 'pg_class'::regclass::oid AS classid, relid AS objid FROM part
         UNION ALL SELECT 'pg_class'::regclass, i.indexrelid FROM pg_index i JOIN part p ON i.indrelid = p.relid
         UNION ALL SELECT 'pg_constraint'::regclass, c.oid FROM pg_constraint c JOIN part p ON c.conrelid = p.relid
         UNION ALL SELECT 'pg_statistic_ext'::regclass, s.oid FROM pg_statistic_ext s JOIN part p ON s.stxrelid = p.relid
    ), named AS (
        SELECT CASE WHEN d.refclassid = 'pg_proc'::regclass THEN d.refobjid ELSE o.oprcode END AS function
          FROM object JOIN pg_depend d ON d.classid = object.classid AND d.objid = object.objid
               LEFT JOIN pg_operator o ON o.oid = d.refobjid AND d.refclassid = 'pg_operator'::regclass
    )
    SELECT format('function %s', f.oid::regprocedure) FROM named n JOIN pg_proc f ON f.oid = n.function
     WHERE NOT pg_has_role(f.proowner, reader, 'USAGE')
     UNION ALL
    SELECT format('%s %s', CASE c.relkind WHEN 'f' THEN 'foreign table' WHEN 'v' THEN 'view' ELSE 'relation' END, c.oid::regclass)
      FROM part JOIN pg_class c ON c.oid = part.relid WHERE c.relkind NOT IN ('r', 'p')
     UNION ALL
    SELECT format('generated column %I of table %s', a.attname, a.attrelid::regclass)
      FROM part JOIN pg_attribute a ON a.attrelid = part.relid WHERE a.attgenerated = 'v'
     LIMIT 1
$$;
COMMENT ON FUNCTION segmentation_internal.foreign_code(oid, oid) IS 'what reading a table would run of roles that have not the rights of the reader; NULL: nothing';
