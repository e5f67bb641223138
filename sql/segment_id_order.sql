-- segment_id: order, sorting, hashing, indexes, partitions
\set VERBOSITY default
\set SHOW_CONTEXT never
CREATE FUNCTION pg_temp.plan(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    line text;
    plan text := '';
BEGIN
    FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || statement LOOP
        plan := plan || line || E'\n';
    END LOOP;
    RETURN plan;
END
$$;

-- order is that of the text in collation "C": - . digits _ letters
SELECT string_agg(id, ' ' ORDER BY id::segment_id) AS sorted,
       string_agg(id, ' ' ORDER BY id::segment_id DESC) = string_agg(id, ' ' ORDER BY id COLLATE "C" DESC) AS as_text
FROM unnest(ARRAY['aa', 'a', 'a0', 'a-0', 'a.0', 'a_0', 'a9', 'az', 'b', '0', '9', 'z', 'a-a', 'a.a', 'a_a', 'aaa',
                  'aaaaaaaaaaaa', 'aaaaaaaaaaaab', 'aaaaaaaaaaaa-b', 'aaaaaaaaaaa', 'aaaaaaaaaaab']) AS id;
SELECT a, b, a < b AS lt, a <= b AS le, a = b AS eq, a <> b AS ne, a >= b AS ge, a > b AS gt,
       sign(segment_id_cmp(a, b)) AS cmp, segment_id_smaller(a, b), segment_id_larger(a, b)
FROM (VALUES ('mid'::segment_id, 'smb'::segment_id), ('smb', 'mid'), ('smb', 'SMB')) AS pair(a, b);

-- min and max: of some, of none, of NULLs, by group, by index
CREATE TABLE membership AS
SELECT i AS customer, ('segment-' || i % 7)::segment_id AS segment, ('only-' || i)::segment_id AS own FROM generate_series(1, 20000) AS i;
INSERT INTO membership VALUES (0, NULL);
SELECT min(segment), max(segment) FROM membership;
SELECT min(segment) IS NULL AS min, max(segment) IS NULL AS max FROM membership WHERE false;
SELECT min(segment) IS NULL AS min, max(segment) IS NULL AS max FROM membership WHERE segment IS NULL;
SELECT customer % 2 AS remainder, min(segment), max(segment) FROM membership WHERE customer < 4 GROUP BY 1 ORDER BY 1;
SET enable_seqscan = off;
CREATE INDEX membership_segment ON membership (segment);
SELECT pg_temp.plan('SELECT min(segment) FROM membership') LIKE '%Index Only Scan using membership_segment on%' AS min_by_index,
       pg_temp.plan('SELECT max(segment) FROM membership') LIKE '%Index Only Scan Backward using membership_segment on%' AS max_by_index;
SELECT min(segment), max(segment) FROM membership;
RESET enable_seqscan;

-- operators and classes are complete
SELECT o.oprname, c.oprname AS commutator, n.oprname AS negator, o.oprrest, o.oprjoin, o.oprcanhash, o.oprcanmerge
FROM pg_operator AS o
JOIN pg_operator AS c ON c.oid = o.oprcom
JOIN pg_operator AS n ON n.oid = o.oprnegate
WHERE o.oprleft = 'segment_id'::regtype AND o.oprright = o.oprleft
ORDER BY o.oprname COLLATE "C";
SELECT amname, opcname, opcdefault, amvalidate(c.oid), array_agg(p.amprocnum ORDER BY p.amprocnum) AS support
FROM pg_opclass AS c JOIN pg_am AS a ON a.oid = c.opcmethod JOIN pg_amproc AS p ON p.amprocfamily = c.opcfamily
WHERE c.opcintype = 'segment_id'::regtype
GROUP BY 1, 2, 3, 4 ORDER BY 1;

-- hash values are frozen: a change here moves rows to other partitions and nodes;
-- the last seed is the one that hash partitioning uses
SELECT id, segment_id_hash(id), segment_id_hash_extended(id, 0), segment_id_hash_extended(id, 8816678312871386365)
FROM unnest('{a,smb,enterprise,abcdefghijkl,abcdefghijklm,abcdefghijklmnopqrstuvwx}'::segment_id[]) AS id;

-- and so are the bytes
SELECT id, segment_id_send(id)
FROM unnest('{a,0,9.z,a-b_c,zzzzzzzzzzzz,zzzzzzzzzzzza,abcdefghijklmnopqrstuvwx,zzzzzzzzzzzzzzzzzzzzzzzz}'::segment_id[]) AS id;

-- partitions by hash, list and range find every row, and are pruned
CREATE TABLE by_hash (id segment_id) PARTITION BY HASH (id);
CREATE TABLE by_hash_0 PARTITION OF by_hash FOR VALUES WITH (MODULUS 3, REMAINDER 0);
CREATE TABLE by_hash_1 PARTITION OF by_hash FOR VALUES WITH (MODULUS 3, REMAINDER 1);
CREATE TABLE by_hash_2 PARTITION OF by_hash FOR VALUES WITH (MODULUS 3, REMAINDER 2);
INSERT INTO by_hash SELECT 'segment-' || i FROM generate_series(1, 3000) AS i;
SELECT tableoid::regclass, count(*) FROM by_hash GROUP BY 1 ORDER BY 1;
SELECT count(*) AS found
FROM generate_series(1, 3000) AS i CROSS JOIN LATERAL (SELECT FROM by_hash WHERE id = 'segment-' || i OFFSET 0) AS row;
EXPLAIN (COSTS OFF) SELECT * FROM by_hash WHERE id = 'segment-7';
CREATE TABLE by_list (id segment_id) PARTITION BY LIST (id);
CREATE TABLE by_list_small PARTITION OF by_list FOR VALUES IN ('SMB', 'startup');
CREATE TABLE by_list_null PARTITION OF by_list FOR VALUES IN (NULL);
CREATE TABLE by_list_rest PARTITION OF by_list DEFAULT;
INSERT INTO by_list VALUES ('smb'), ('Startup'), ('mid'), (NULL);
SELECT tableoid::regclass, id FROM by_list ORDER BY 1, 2;
EXPLAIN (COSTS OFF) SELECT * FROM by_list WHERE id = 'smb';
CREATE TABLE by_range (id segment_id) PARTITION BY RANGE (id);
CREATE TABLE by_range_a_l PARTITION OF by_range FOR VALUES FROM (MINVALUE) TO ('m');
CREATE TABLE by_range_m_z PARTITION OF by_range FOR VALUES FROM ('m') TO (MAXVALUE);
INSERT INTO by_range VALUES ('latam'), ('M'), ('mid');
SELECT tableoid::regclass, id FROM by_range ORDER BY 1, 2;
EXPLAIN (COSTS OFF) SELECT * FROM by_range WHERE id < 'm';

-- a btree stores equal ids once
CREATE INDEX membership_segment_plain ON membership (segment) WITH (deduplicate_items = off);
SELECT pg_relation_size('membership_segment') * 2 < pg_relation_size('membership_segment_plain') AS deduplicated;
-- arrays of ids, in a GIN index too
CREATE TABLE assignment AS
SELECT i AS customer, array_agg(DISTINCT ('segment-' || i * k % 50)::segment_id) AS segments
FROM generate_series(1, 2000) AS i, generate_series(1, 4) AS k GROUP BY i;
CREATE INDEX assignment_segments ON assignment USING gin (segments);
SELECT count(*) FROM assignment WHERE segments @> ARRAY['Segment-7'::segment_id];
SET enable_seqscan = off;
SELECT count(*) FROM assignment WHERE segments @> ARRAY['Segment-7'::segment_id];
SELECT pg_temp.plan($$SELECT FROM assignment WHERE segments @> ARRAY['Segment-7'::segment_id]$$) LIKE '%Bitmap Index Scan on assignment_segments%' AS by_index;
RESET enable_seqscan;

-- workers of a parallel query agree with a serial one
SELECT count(DISTINCT segment), min(segment), max(segment), min(own), max(own) FROM membership;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
SET parallel_leader_participation = off;
SET enable_indexscan = off;
SET enable_indexonlyscan = off;
SET enable_bitmapscan = off;
SELECT pg_temp.plan('SELECT min(segment), max(segment) FROM membership') LIKE '%Gather%Partial Aggregate%Parallel Seq Scan%' AS parallel;
SELECT min(segment), max(segment), min(own), max(own) FROM membership;
SELECT segment, count(*) FROM membership WHERE segment > 'segment-3'::text GROUP BY segment ORDER BY segment;
RESET ALL;

-- an operator of the same name earlier in search_path decides nothing in here
CREATE SCHEMA impostor;
CREATE FUNCTION impostor.eq(segment_id, segment_id) RETURNS boolean LANGUAGE sql AS 'SELECT false';
CREATE OPERATOR impostor.= (FUNCTION = impostor.eq, LEFTARG = segment_id, RIGHTARG = segment_id);
SET search_path = impostor, public;
SELECT count(*), count(DISTINCT segment), min(segment), max(segment) FROM membership;
RESET search_path;
DROP SCHEMA impostor CASCADE;

DROP TABLE by_hash, by_list, by_range, membership, assignment;
