-- segment_id: what is an id, what is not, and strings beside ids
\set VERBOSITY default
\set SHOW_CONTEXT never
SET client_encoding = 'UTF8';

-- an id is folded to lower case, and comes back as it went in otherwise
SELECT id::segment_id
FROM unnest(ARRAY['a', '7', 'SMB', 'Key-Account', 'fr_ch.2024', 'a--b..c__d',
                  'twelve-chars', 'thirteen-char', 'abcdefghijklmnopqrstuvwx', '0123456789-_.aBcDeFgHiJk']) AS id;

-- it takes 16 bytes, whatever its length
SELECT typlen, typbyval, typalign, typstorage, pg_column_size('a'::segment_id),
       pg_column_size('abcdefghijklmnopqrstuvwx'::segment_id)
FROM pg_type WHERE oid = 'segment_id'::regtype;

-- what is none says why, and what is allowed
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/refusal.sql'
\set ECHO none
\i :include
\set ECHO all
CREATE TABLE bad_id (place serial, id text);
INSERT INTO bad_id (id) VALUES
    (''), (' '), (' smb'), ('smb '), ('key account'), (E'smb\n'), (E'\tsmb'),
    ('-smb'), ('_smb'), ('.smb'), ('smb-'), ('smb_'), ('smb.'), ('-'), ('.'), ('__'),
    ('key/account'), ('key+account'), ('key@account'), ('a:b'), ('a,b'), ('"smb"'), ('{smb}'), ('a\b'), ('a`b'), ('a''b'), ('a[b'),
    ('café'), ('é'), (U&'sm\212A'), (U&'\0130d'), (U&'\0131d'), (U&'\FF41'), (U&'a\+01F600'), (U&'smb\00A0'),
    ('abcdefghijklmnopqrstuvwxy'), ('abcdefghijklmnopqrstuvwxé'), ('abcdefghijklmnopqrstuvwx-'),
    (repeat('x', 1000000)), (repeat('é', 1000000)), (repeat('x', 24) || repeat('é', 1000000));
\pset format unaligned
SELECT state, message, detail
FROM bad_id, pg_temp.refusal(format('SELECT %L::segment_id', id))
ORDER BY place;
SELECT DISTINCT hint FROM bad_id, pg_temp.refusal(format('SELECT %L::segment_id', id));
\pset format aligned
-- by whatever way it comes in
SELECT count(*) AS refusals_that_differ
FROM bad_id,
     pg_temp.refusal(format('SELECT %L::segment_id', id)) AS literal,
     pg_temp.refusal(format('SELECT %L::text::segment_id', id)) AS from_text,
     pg_temp.refusal(format('SELECT %L::varchar::segment_id', id)) AS from_varchar
WHERE literal.message IS NULL
   OR literal IS DISTINCT FROM from_text OR literal IS DISTINCT FROM from_varchar;
DO $$
BEGIN
    -- without raising, where the server can (16 and later)
    IF current_setting('server_version_num')::int >= 160000 THEN
        EXECUTE 'DO $soft$ BEGIN
            ASSERT NOT EXISTS (SELECT FROM bad_id WHERE pg_input_is_valid(id, ''segment_id''));
            ASSERT pg_input_is_valid(''SMB'', ''segment_id'');
            ASSERT (SELECT bool_and(i.sql_error_code = ''22P02'' AND i.detail <> '''' AND i.hint LIKE ''%24%'')
                    FROM bad_id, pg_input_error_info(id, ''segment_id'') AS i);
        END $soft$';
    END IF;
END
$$;

-- NULL stays NULL
SELECT NULL::segment_id IS NULL AS literal, NULL::text::segment_id IS NULL AS from_text,
       NULL::char(5)::segment_id IS NULL AS from_char, NULL::segment_id::text IS NULL AS to_text,
       (NULL::segment_id = 'smb') IS NULL AS compared;

-- a customer's segment beside strings of every kind
CREATE TABLE customer (id int PRIMARY KEY, segment segment_id, as_text text, as_varchar varchar(24), as_char char(24));
INSERT INTO customer VALUES
    (1, 'smb', 'smb', 'smb', 'smb'), (2, 'MID', 'MID', 'MID', 'MID'), (3, 'enterprise', 'Enterprise', 'enterprise', 'ENTERPRISE'), (4, NULL, NULL, NULL, NULL);
SELECT id FROM customer WHERE segment = 'smb';
SELECT id FROM customer WHERE segment = 'SMB';
SELECT id FROM customer WHERE 'smb' = segment;
SELECT id FROM customer WHERE segment IN ('smb', 'Mid') ORDER BY id;
SELECT id FROM customer WHERE segment = ANY ('{smb,MID}') ORDER BY id;
SELECT id FROM customer WHERE segment = as_text AND segment = as_varchar AND as_char = segment ORDER BY id;
SELECT segment, segment::text, segment::varchar, segment::varchar(3), segment::char(12) || '|' AS filled, 'in ' || segment AS sentence
FROM customer ORDER BY id;
SELECT pg_typeof(coalesce(segment, 'none')), pg_typeof(segment::text) FROM customer WHERE id = 4;
CREATE INDEX customer_segment ON customer (segment);
ANALYZE customer;
-- a parameter that a driver declares as varchar is folded, and served by the index
PREPARE by_varchar(varchar) AS SELECT id FROM customer WHERE segment = $1;
EXECUTE by_varchar('SMB');
SET enable_seqscan = off;
SET enable_bitmapscan = off;
SET plan_cache_mode = force_generic_plan;
EXPLAIN (COSTS OFF) EXECUTE by_varchar('SMB');
RESET plan_cache_mode;
RESET enable_bitmapscan;
RESET enable_seqscan;
-- strings are assigned to ids, and ids to strings
INSERT INTO customer (id, segment) SELECT id + 10, as_varchar FROM customer WHERE id < 3;
UPDATE customer SET as_text = segment, as_varchar = segment, as_char = segment WHERE id > 10;
SELECT * FROM customer WHERE id > 10 ORDER BY id;
-- strings among themselves are what they were
SELECT min(as_text COLLATE "C") AS text, min(as_varchar COLLATE "C") AS varchar, min(as_char) AS char,
       pg_typeof(min(as_varchar)) AS type, bool_and(as_varchar = as_varchar) AS equal,
       count(*) FILTER (WHERE as_varchar = as_char) AS varchar_char,
       count(*) FILTER (WHERE as_varchar < as_text COLLATE "C") AS varchar_text,
       pg_typeof(min(greatest(as_varchar, as_char))) AS greatest
FROM customer;

-- without privileges, without a search_path
CREATE ROLE regress_segmentation_ids;
GRANT SELECT ON customer TO regress_segmentation_ids;
SET ROLE regress_segmentation_ids;
SET search_path = '';
SELECT DISTINCT segment FROM public.customer ORDER BY segment;
SELECT public.min(segment), public.max(segment) FROM public.customer;
SELECT id FROM public.customer WHERE segment OPERATOR(public.=) 'smb';
SELECT 'SMB'::text::public.segment_id, 'smb'::public.segment_id::text;
RESET search_path;
RESET ROLE;
DROP OWNED BY regress_segmentation_ids;
DROP ROLE regress_segmentation_ids;

DROP TABLE customer, bad_id;
