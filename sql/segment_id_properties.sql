-- segment_id: what holds for every id, on 120,000 generated ones
\set VERBOSITY default

-- of every length, in capitals too, many that share their first 12 characters
SELECT setseed(0.4217);
CREATE TABLE spelling AS
SELECT n, CASE WHEN n % 7 < 2 THEN left('twelve-chars' || body, 24) ELSE body END AS text
FROM (SELECT n, ends[1] || CASE WHEN length > 1 THEN left(middle, length - 2) || ends[2] ELSE '' END AS body
      FROM (SELECT n, 1 + n % 24 AS length, array_agg(substr('abcdefghijklmnopqrstuvwxyzABCDEFGHIJ0123456789', 1 + (random() * 45)::int, 1)) AS ends,
                   string_agg(substr('abcdefghijklmnopqrstuvwxyzXYZ0123456789-_.-_.', 1 + (random() * 44)::int, 1), '') AS middle
            FROM generate_series(1, 120000) AS n, generate_series(1, 22) GROUP BY n) AS drawn) AS spelt;
UPDATE spelling SET text = rtrim(text, '-_.') WHERE text ~ '[-_.]$';
CREATE TABLE id AS SELECT n, lower(text COLLATE "C") AS text, text::segment_id AS id FROM spelling;
SELECT count(*), count(DISTINCT length(text)) AS lengths, count(DISTINCT text) > 100000 AS mostly_different,
       count(*) FILTER (WHERE text LIKE 'twelve-chars_%') > 20000 AS many_share_the_first_half
FROM id;
ANALYZE id;

-- text and binary form come back as they went in
SELECT count(*) AS text_differs FROM id WHERE id::text <> text COLLATE "C" OR id <> (id::text)::segment_id;
\copy id (n, id) to 'results/segment_id_properties.copy' (format binary)
CREATE TABLE copied (n int, id segment_id);
\copy copied from 'results/segment_id_properties.copy' (format binary)
SELECT count(*) AS binary_same FROM id JOIN copied USING (n) WHERE copied.id = id.id AND copied.id::text = id.text COLLATE "C";

-- the order is that of the text in collation "C", by operators, for neighbours and for any two
CREATE TABLE placed AS SELECT id, text, row_number() OVER (ORDER BY text COLLATE "C") AS place FROM id;
CREATE TABLE pair AS
SELECT a.id AS a, b.id AS b, a.text COLLATE "C" AS ta, b.text COLLATE "C" AS tb
FROM placed AS a
CROSS JOIN LATERAL unnest(ARRAY[a.place - 1, a.place, a.place + 1, 1 + a.place * 7919 % 120000]) AS other
JOIN placed AS b ON b.place = other;
SELECT count(*) > 400000 AS pairs, count(*) FILTER (WHERE
    (a < b) <> (ta < tb) OR (a <= b) <> (ta <= tb) OR (a = b) <> (ta = tb)
    OR (a <> b) <> (ta <> tb) OR (a >= b) <> (ta >= tb) OR (a > b) <> (ta > tb)
    OR sign(segment_id_cmp(a, b)) <> CASE WHEN ta < tb THEN -1 WHEN ta > tb THEN 1 ELSE 0 END
    OR segment_id_smaller(a, b)::text <> least(ta, tb) OR segment_id_larger(a, b)::text <> greatest(ta, tb)
    OR (segment_id_send(a) < segment_id_send(b)) <> (ta < tb)) AS contradictions
FROM pair;

-- and by sorting: with abbreviated keys (the leading column), without (a further one),
-- backwards, by an index, by merging and for the first few
CREATE FUNCTION pg_temp.misplaced(query text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    found bigint;
BEGIN
    EXECUTE 'SELECT count(*) FROM (SELECT row_number() OVER () AS place, id::text AS text FROM (' || query || ') AS query) AS query
             FULL JOIN placed USING (place) WHERE query.text IS DISTINCT FROM placed.text' INTO found;
    RETURN found;
END
$$;
SELECT pg_temp.misplaced('SELECT id FROM id ORDER BY id') AS abbreviated,
       pg_temp.misplaced('SELECT id FROM (SELECT id, n > 0 AS one FROM id) AS id ORDER BY one, id') AS full_keys,
       pg_temp.misplaced('SELECT id FROM (SELECT id, row_number() OVER (ORDER BY id DESC) AS place FROM id) AS id ORDER BY place DESC') AS backwards;
SELECT count(*) AS misplaced_first
FROM (SELECT row_number() OVER () AS place, id::text AS text FROM (SELECT id FROM id ORDER BY id LIMIT 500) AS first) AS first
JOIN placed USING (place) WHERE first.text <> placed.text;
SET work_mem = '64kB';
SELECT pg_temp.misplaced('SELECT id FROM id ORDER BY id') AS abbreviated_on_disk;
RESET work_mem;
CREATE INDEX id_id ON id (id);
SET enable_seqscan = off;
SET enable_sort = off;
SET enable_bitmapscan = off;
SELECT pg_temp.misplaced('SELECT id FROM id ORDER BY id') AS by_index;
SELECT count(*) AS not_found FROM placed WHERE NOT EXISTS (SELECT FROM id WHERE id.id = placed.text OFFSET 0);
RESET enable_seqscan;
RESET enable_sort;
RESET enable_bitmapscan;

-- equal ids have equal hashes, different ones hardly ever; the 32-bit hash is the low half of the 64-bit one
SELECT count(*) AS contradictions
FROM id JOIN spelling USING (n)
WHERE segment_id_hash(id) <> segment_id_hash(upper(spelling.text COLLATE "C"))
   OR segment_id_hash_extended(id, n) <> segment_id_hash_extended(lower(spelling.text COLLATE "C"), n)
   OR segment_id_hash(id)::bit(32) <> substring(segment_id_hash_extended(id, 0)::bit(64) FROM 33);
SELECT count(DISTINCT segment_id_hash_extended(id, 0)) = count(DISTINCT id) AS no_collision_in_64_bits,
       count(DISTINCT id) - count(DISTINCT segment_id_hash(id)) < 10 AS hardly_any_in_32,
       count(DISTINCT (segment_id_hash_extended(id, 1))) = count(DISTINCT id) AS nor_with_a_seed
FROM id;
-- any four bits fill their 16 buckets evenly (at 7,500 each, within six standard deviations)
SELECT bool_and(ids BETWEEN size - 6 * sqrt(size) AND size + 6 * sqrt(size)) AS even
FROM (SELECT shift, bucket, count(*) AS ids, (SELECT count(DISTINCT id) / 16.0 FROM id) AS size
      FROM (SELECT DISTINCT id FROM id) AS id, generate_series(0, 60, 4) AS shift,
           LATERAL (SELECT segment_id_hash_extended(id, 0) >> shift & 15 AS bucket) AS hash
      GROUP BY shift, bucket) AS filled;
-- grouping and joining by hash and by merging agree with the text
SET enable_sort = off;
SELECT count(*) AS groups_that_differ
FROM (SELECT id::text, count(*) FROM id GROUP BY id) AS by_id
FULL JOIN (SELECT text AS id, count(*) FROM id GROUP BY text) AS by_text USING (id, count)
WHERE by_id.id IS NULL OR by_text.id IS NULL;
SET enable_mergejoin = off;
SET enable_nestloop = off;
SELECT (SELECT count(*) FROM id AS a JOIN id AS b USING (id)) = (SELECT count(*) FROM id AS a JOIN id AS b USING (text)) AS by_hash;
RESET enable_sort;
SET enable_hashjoin = off;
RESET enable_mergejoin;
SELECT (SELECT count(*) FROM id AS a JOIN id AS b USING (id)) = (SELECT count(*) FROM id AS a JOIN id AS b USING (text)) AS by_merging;
RESET ALL;

DROP TABLE spelling, id, copied, placed, pair;
