-- Columns of a source that are called as what the extension's own statements call
-- theirs: rules, people's decisions and failing rules mean the same as ever.
\set VERBOSITY default
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE SCHEMA regress_names;
SET search_path = regress_names, public;
CREATE TABLE name (name text PRIMARY KEY);
INSERT INTO name SELECT unnest('{segmentation_in,segmentation_out,segmentation_until,segmentation_key_1,segmentation_segments,
    segmentation_put,segmentation_member,segmentation_taken,segmentation_number,segmentation_id,segmentation_kept,segmentation_in_1,
    segmentation_kept_1,segmentation_key1,segmentation_own,segment,segments,member,reason,author,set_at,expires_at,since,until,recheck_at,version,
    outcome,clash,taken,after,before,decided,source,override_1,kept_1,segmentation_1,segmentation_rule,key_1,r,t,m,c,p,o,n,a,s,h,d,b}'::text[]);
-- each column has its number for one customer of ten, so that taking one for another shows
SELECT format('CREATE TABLE customer (id int PRIMARY KEY, x int, land text, size currency_price, segmentation_price currency_price, %s)',
    string_agg(format('%I int', name), ', ' ORDER BY name)) FROM name \gexec
SELECT format('INSERT INTO customer SELECT i, i, ''l'' || i %% 3, ''1 EUR'', ''2 EUR'', %s FROM generate_series(1, 50) i',
    string_agg(format('(i + %s) %% 10', number), ', ' ORDER BY name))
    FROM (SELECT name, row_number() OVER (ORDER BY name) AS number FROM name) AS n \gexec
CREATE VIEW landed AS SELECT id, x, land AS segment, land AS segmentation_in, land AS segmentation_put, land AS reason, segmentation_out, member, expires_at FROM customer;

SELECT segmentation.create_model('over', 'customer', '{id}');
SELECT segmentation.create_model('rank', 'customer', '{id}', 'exclusive');
SELECT segmentation.create_model('land', 'landed', '{id}', 'column', segment_column => 'segment');
SELECT segmentation.create_model('in', 'landed', '{id}', 'column', segment_column => 'segmentation_in');
SELECT segmentation.create_model('put', 'landed', '{id}', 'column', segment_column => 'segmentation_put');
SELECT count(segmentation.define_segment('over', replace(name, '_', '-'), format('%I > 6', name))) FROM name;
SELECT count(segmentation.define_segment('rank', 'r' || number, format('%I = 0', name), rank => number::int))
    FROM (SELECT name, row_number() OVER (ORDER BY name) AS number FROM name WHERE name LIKE 'segmentation%') AS n;
SELECT segmentation.define_segment('rank', 'rest', rank => 100);
SELECT segmentation.define_segment('over', 'fails', '10 / (x - segmentation_in_1 * 0) > 0');
SELECT segmentation.define_segment('over', 'asks', 'in_segment(''rank'', ''r2'') or in_segment(''fails'') and segmentation_in = 3');
SELECT segmentation.define_segment('over', 'price', 'segmentation_price > size and segmentation_id > 6');
SELECT segmentation.define_segment('over', 'dear', 'segmentation_price > size and in_segment(''rank'', ''r2'')');
SELECT count(segmentation.define_segment(m, l)) FROM unnest('{land,in,put}'::text[]) AS m, unnest('{l0,l1,l2}'::text[]) AS l;

-- each segment has whom its column says; and what the functions say is one thing
CREATE FUNCTION members(name text) RETURNS int[] LANGUAGE plpgsql AS $$
DECLARE
    result int[];
BEGIN
    EXECUTE format('SELECT coalesce(array_agg(id ORDER BY id), ''{}'') FROM customer AS row WHERE row.%I > 6', name) INTO result;
    RETURN result;
END
$$;
CREATE VIEW wrong AS
    SELECT name FROM name WHERE members(name) IS DISTINCT FROM
        ARRAY(SELECT id FROM over_member WHERE segment::text = replace(name, '_', '-') ORDER BY id);
CREATE FUNCTION checked() RETURNS TABLE (model text, changed bigint, failed int, wrong bigint, classified bigint, explained bigint) LANGUAGE plpgsql AS $$
BEGIN
    FOREACH model IN ARRAY '{rank,in,put,land,over}'::text[] LOOP
        SELECT r.changed + r.appeared, r.failed INTO changed, failed FROM segmentation.refresh(model) AS r;
        SELECT count(*) INTO wrong FROM segmentation.verify(model);
        classified := NULL;
        explained := NULL;
        IF failed > 0 THEN -- for one customer nobody can say
            RETURN NEXT;
            CONTINUE;
        END IF;
        EXECUTE format('SELECT count(*) FROM %I AS row WHERE row.segments <> segmentation.classify($1, row.id::text)', model || '_assignment')
            INTO classified USING model;
        EXECUTE format('SELECT count(*) FROM %I AS row, LATERAL (SELECT coalesce(array_agg(e.segment ORDER BY e.segment), ''{}'') AS explained '
            'FROM segmentation.explain_customer($1, row.id::text) AS e WHERE e.member) AS e WHERE row.segments <> e.explained', model || '_assignment')
            INTO explained USING model;
        RETURN NEXT;
    END LOOP;
END
$$;
SELECT * FROM checked();
SELECT * FROM wrong;

-- with people's decisions about some of them, in every kind of model
INSERT INTO rank_override (id, segment, member, reason) VALUES (1, 'r2', true, 'why'), (2, 'rest', false, 'why'), (12, 'r1', false, 'why');
INSERT INTO over_override (id, segment, member, reason) VALUES (1, 'price', true, 'why'), (2, 'price', false, 'why');
INSERT INTO land_override (id, segment, member, reason) VALUES (1, 'l2', true, 'why'), (2, 'l0', false, 'why'), (3, 'l0', false, 'why');
INSERT INTO in_override SELECT * FROM land_override;
INSERT INTO put_override SELECT * FROM land_override;
SELECT * FROM checked();
SELECT * FROM wrong;
SELECT id, segments FROM land_assignment WHERE id < 5 ORDER BY id;

-- what a rule would give, and counts of definitions; a segment replaced by its own rule gains and loses nobody
SELECT name, p FROM name, segmentation.preview('over', format('%I > 6', name), replace(name, '_', '-')) AS p
    WHERE (p.members, p.entering, p.leaving) <> (cardinality(members(name)), 0, 0);
SELECT members, entering, leaving FROM segmentation.preview('rank', 'segmentation_in = 0 and segmentation_own > 0 and not in_segment(''over'', ''fails'')', 'r2');
SELECT affected_model, affected_segment, customers, entering, leaving, problem
    FROM segmentation.impact('rank', 'r2', 'segmentation_in = 0 and segmentation_taken < 5') WHERE entering + leaving > 0;
SET client_min_messages = notice;
SELECT segmentation.define_segment('over', 'price', 'segmentation_price > size and segmentation_id > 6', 'Price');
SELECT segmentation.define_segment('land', 'l2', title => 'Two');
SET client_min_messages = warning;

-- with a rule that fails, whose segment keeps its members
UPDATE customer SET x = 0, segmentation_in = 3 WHERE id = 7;
SELECT * FROM checked();
SELECT * FROM wrong;
SELECT count(*) FROM over_member WHERE segment = 'fails';
UPDATE customer SET x = 1 WHERE id = 7;
SELECT * FROM checked();

-- a key is refused whose name is one of the model's own, or begins with segmentation_; all others work
DO $$
DECLARE
    name text;
    n bigint;
    refused text[] = '{}';
BEGIN
    FOR name IN SELECT name.name FROM name UNION ALL VALUES ('old_since'), ('ends_period'), ('resumes') ORDER BY 1 LOOP
        BEGIN
            EXECUTE format('CREATE TABLE keyed_by (%I int PRIMARY KEY, x int)', name);
            INSERT INTO keyed_by SELECT i, i FROM generate_series(1, 10) i;
            PERFORM segmentation.create_model('keyed', 'keyed_by', ARRAY[name]);
            PERFORM segmentation.define_segment('keyed', 'odd', 'x % 2 = 1');
            PERFORM segmentation.refresh('keyed');
            UPDATE keyed_by SET x = x + 1;
            EXECUTE format('INSERT INTO keyed_override (%I, segment, member, reason) VALUES (2, ''odd'', true, ''why'')', name);
            PERFORM segmentation.refresh('keyed');
            UPDATE keyed_by SET x = x + 1;
            PERFORM segmentation.refresh('keyed');
            SELECT count(*) INTO n FROM segmentation.verify('keyed');
            IF n > 0 OR (SELECT count(*) FROM keyed_member) <> 6 OR (SELECT count(*) FROM keyed_history) <> 0 THEN
                RAISE WARNING 'key %: % wrong, % members, % of history', name, n, (SELECT count(*) FROM keyed_member), (SELECT count(*) FROM keyed_history);
            END IF;
            RAISE EXCEPTION 'undo';
        EXCEPTION
            WHEN duplicate_column THEN refused := refused || name;
            WHEN raise_exception THEN NULL;
            WHEN OTHERS THEN RAISE WARNING 'key %: %', name, SQLERRM;
        END;
    END LOOP;
    RAISE WARNING 'refused: %', refused;
END
$$;
DROP VIEW wrong;
SELECT count(segmentation.drop_model(m)) FROM unnest('{over,rank,land,in,put}'::text[]) m;
DROP SCHEMA regress_names CASCADE;
