-- what every object of the extension owes its users, read from the catalog
CREATE TEMP VIEW member AS
    SELECT d.classid, d.objid AS oid, pg_describe_object(d.classid, d.objid, 0) AS object
    FROM pg_depend d
    JOIN pg_extension e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid
    WHERE e.extname = 'segmentation' AND d.deptype = 'e';
CREATE TEMP VIEW member_function AS
    SELECT p.*, p.oid::regprocedure::text AS function
    FROM member JOIN pg_proc p USING (oid) WHERE classid = 'pg_proc'::regclass;

-- objects without a comment: none; types of rows and arrays are not looked at
SELECT object
FROM member
WHERE obj_description(oid, classid::regclass::name) IS NULL
    AND NOT (classid = 'pg_type'::regclass AND EXISTS (
        SELECT FROM pg_type t WHERE t.oid = member.oid AND (t.typrelid <> 0 OR t.typcategory = 'A')))
ORDER BY object;

-- functions in SQL or PL without a search_path of their own: each qualifies every name
SELECT function
FROM member_function
JOIN pg_language l ON l.oid = prolang
WHERE lanname NOT IN ('c', 'internal') AND prosqlbody IS NULL
    AND NOT coalesce(proconfig @> ARRAY['search_path=pg_catalog, pg_temp'], false)
ORDER BY function;

-- functions that run with their owner's rights: none
SELECT function FROM member_function WHERE prosecdef ORDER BY function;

-- functions of another module than ours: none
SELECT function, probin FROM member_function WHERE probin <> 'segmentation' ORDER BY function;

-- aggregates whose state cannot be shipped between servers, or not be computed in parts: none
SELECT function
FROM member_function
JOIN pg_aggregate ON aggfnoid = oid
WHERE 'internal'::regtype IN (aggtranstype, aggmtranstype) OR aggcombinefn = 0 OR proparallel <> 's'
ORDER BY function;

-- base types without a binary form: none
SELECT object
FROM member JOIN pg_type USING (oid)
WHERE classid = 'pg_type'::regclass AND typtype = 'b' AND 0 IN (typreceive::oid, typsend::oid)
ORDER BY object;

-- operators that were only mentioned, as another one's commutator or negator: none
SELECT object
FROM member JOIN pg_operator USING (oid)
WHERE classid = 'pg_operator'::regclass AND oprcode = 0
ORDER BY object;

-- operator classes that the server finds fault with: none
SELECT object
FROM member
WHERE CASE classid WHEN 'pg_opclass'::regclass THEN NOT amvalidate(oid) ELSE false END
ORDER BY object;

-- tables whose changes could not be published, for they have no primary key: none
SELECT object
FROM member JOIN pg_class USING (oid)
WHERE classid = 'pg_class'::regclass AND relkind IN ('r', 'p')
    AND NOT EXISTS (SELECT FROM pg_index WHERE indrelid = oid AND indisprimary)
ORDER BY object;

-- functions that may read tables and that the planner takes to cost less than a function in
-- PL: those that remember what they read, or look into the server's catalogs alone
SELECT function, procost AS cost
FROM member_function JOIN pg_language l ON l.oid = prolang
WHERE lanname = 'c' AND provolatile = 's' AND procost < 100 AND NOT 'internal'::regtype = ANY (proargtypes::oid[])
ORDER BY function;

-- schemas and tables, and what others than the owner may do there
SELECT object, CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END AS role,
    string_agg(lower(privilege_type), ', ' ORDER BY privilege_type) AS privileges
FROM (
    SELECT object, relowner AS owner, relacl AS acl FROM member JOIN pg_class USING (oid) WHERE classid = 'pg_class'::regclass
    UNION ALL
    SELECT object, nspowner, nspacl FROM member JOIN pg_namespace USING (oid) WHERE classid = 'pg_namespace'::regclass
) AS held
LEFT JOIN LATERAL aclexplode(acl) ON grantee <> owner
GROUP BY object, grantee
ORDER BY object, role;

-- functions that PUBLIC may not execute, one a line
\pset format unaligned
\pset tuples_only on
SELECT function FROM member_function WHERE NOT has_function_privilege(0::oid, oid, 'EXECUTE') ORDER BY function;

-- functions that it may
SELECT function,
    CASE provolatile WHEN 'i' THEN 'immutable' WHEN 's' THEN 'stable' ELSE 'volatile' END AS volatility,
    CASE proparallel WHEN 's' THEN 'safe' WHEN 'r' THEN 'restricted' ELSE 'unsafe' END AS parallel,
    CASE WHEN proisstrict THEN 'strict' ELSE '' END AS strict
FROM member_function
WHERE has_function_privilege(0::oid, oid, 'EXECUTE')
ORDER BY function;
