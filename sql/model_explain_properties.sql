-- generated rules and customers: classify, explain_customer and preview agree with
-- the rules spelled out in plain SQL, and what an answer is said to turn on turns it
CREATE SCHEMA explain_properties;
SET search_path = explain_properties, public;
SET client_min_messages = error;
\pset format unaligned
\pset tuples_only on

-- every combination of values and NULLs
CREATE TABLE customer (id int PRIMARY KEY, a boolean, b boolean, c boolean, n int);
INSERT INTO customer
    SELECT row_number() OVER (), a, b, c, n
      FROM unnest('{true,false,NULL}'::boolean[]) a, unnest('{true,false,NULL}'::boolean[]) b,
           unnest('{true,false,NULL}'::boolean[]) c, unnest('{1,5,NULL}'::int[]) n;

-- a random condition of some depth, as a rule and in plain SQL; references are to segments before
CREATE FUNCTION generated(model text, depth int, known int, OUT rule text, OUT plain text) LANGUAGE plpgsql AS $$
DECLARE
    one record;
    other record;
    chance float := random();
    connective text;
BEGIN
    IF depth = 0 OR chance < 0.15 THEN
        IF known > 0 AND random() < 0.35 THEN
            one := row(1 + floor(random() * known)::int);
            rule := format('in_segment(%L)', 's' || one.f1);
            plain := format('EXISTS (SELECT FROM expected e WHERE e.model = %L AND e.segment = %L AND e.id = customer.id)', model, 's' || one.f1);
        ELSE
            rule := (ARRAY['a', 'b', 'c', 'n > 2'])[1 + floor(random() * 4)::int];
            plain := rule;
        END IF;
    ELSIF chance < 0.35 THEN
        one := generated(model, depth - 1, known);
        rule := format('not (%s)', one.rule);
        plain := format('NOT (%s)', one.plain);
    ELSIF chance < 0.5 THEN
        one := generated(model, depth - 1, known);
        connective := (ARRAY['IS TRUE', 'IS NOT TRUE', 'IS FALSE', 'IS NOT FALSE', 'IS UNKNOWN', 'IS NOT UNKNOWN'])[1 + floor(random() * 6)::int];
        rule := format('(%s) %s', one.rule, connective);
        plain := format('(%s) %s', one.plain, connective);
    ELSE
        one := generated(model, depth - 1, known);
        other := generated(model, depth - 1, known);
        connective := CASE WHEN random() < 0.5 THEN 'AND' ELSE 'OR' END;
        rule := format('(%s) %s (%s)', one.rule, connective, other.rule);
        plain := format('(%s) %s (%s)', one.plain, connective, other.plain);
    END IF;
END
$$;

CREATE TABLE expected (model text, segment text, id int, PRIMARY KEY (model, segment, id));
CREATE TABLE definition (model text, segment text, rule text);
CREATE FUNCTION fill(model text, kind text, segments int, references_others boolean) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    one record;
BEGIN
    PERFORM segmentation.create_model(model, 'customer', '{id}', kind);
    FOR i IN 1 .. segments LOOP
        one := generated(model, 4, CASE WHEN references_others THEN i - 1 ELSE 0 END);
        PERFORM segmentation.define_segment(model, 's' || i, one.rule, rank => CASE WHEN kind = 'exclusive' THEN i END, count => false);
        INSERT INTO definition VALUES (model, 's' || i, one.rule);
        EXECUTE format('INSERT INTO expected SELECT $1, $2, id FROM customer WHERE (%s) AND NOT (%L AND EXISTS (SELECT FROM expected e WHERE e.model = $1 AND e.id = customer.id))',
                       one.plain, kind = 'exclusive') USING model, 's' || i;
    END LOOP;
END
$$;
SELECT setseed(0.42);
SELECT fill('plain', 'overlapping', 12, false), fill('nested', 'overlapping', 40, true), fill('ranked', 'exclusive', 15, true);
SELECT model, count(*) >= 50 FROM expected GROUP BY model ORDER BY model;

-- classify and explain_customer against plain SQL: each segment of each customer
CREATE TABLE answer AS
    SELECT m.model, c.id, segmentation.classify(m.model, c.id::text) AS segments FROM customer c, (SELECT DISTINCT model FROM expected) m;
CREATE TABLE explanation AS
    SELECT m.model, c.id, e.* FROM customer c, (SELECT DISTINCT model FROM expected) m, segmentation.explain_segments(m.model, ARRAY[c.id::text]) e;
SELECT count(*) FROM explanation;
SELECT 'classify differs', a.* FROM answer a
 WHERE segments IS DISTINCT FROM (SELECT coalesce(array_agg(e.segment::segment_id ORDER BY e.segment::segment_id), '{}') FROM expected e WHERE e.model = a.model AND e.id = a.id);
SELECT 'explain differs', x.model, x.id, x.segment FROM explanation x
 WHERE member IS DISTINCT FROM EXISTS (SELECT FROM expected e WHERE e.model = x.model AND e.segment = x.segment::text AND e.id = x.id);

-- the row that is not there yet is classified like the one that is
SELECT 'classify_row differs', model, id FROM answer JOIN customer who USING (id)
 WHERE model <> 'nested' AND segments IS DISTINCT FROM segmentation.classify_row(model, to_jsonb(who));

-- preview takes as many as plain SQL does, and replacing a rule by itself changes nothing
SELECT 'preview differs', d.*, p.* FROM definition d, segmentation.preview(d.model, d.rule, d.segment) p
 WHERE (p.members, p.entering, p.leaving) IS DISTINCT FROM ((SELECT count(*) FROM expected e WHERE e.model = d.model AND e.segment = d.segment), 0::bigint, 0::bigint);
SELECT 'changes', d.* FROM definition d, segmentation.preview_changes(d.model, d.rule, d.segment);

-- the opposite of a rule without NULLs moves everyone
SELECT 'opposite differs', d.*, p.* FROM definition d, segmentation.preview(d.model, format('(%s) IS NOT TRUE', d.rule), d.segment) p
 WHERE d.model = 'nested' AND (p.entering + p.leaving, p.members) IS DISTINCT FROM (p.customers, p.entering);

-- what an answer is said to turn on turns it, and where nothing is said nothing does
CREATE TABLE turned AS
    SELECT who.id, condition, value, segmentation.classify_row('plain', to_jsonb(who) || jsonb_build_object(
               left(condition, 1), CASE WHEN condition = 'n > 2' THEN CASE WHEN value THEN '5' ELSE '1' END::jsonb ELSE to_jsonb(value) END)) AS segments
      FROM customer who, unnest('{a,b,c,n > 2}'::text[]) condition, unnest('{true,false}'::boolean[]) value;
CREATE TABLE turning AS
    SELECT x.id, x.segment, t.condition, x.detail #>> '{turns_on,condition}' AS said,
           bool_or((x.segment = ANY (t.segments)) <> x.member) AS turns
      FROM explanation x JOIN turned t USING (id) WHERE x.model = 'plain' GROUP BY 1, 2, 3, 4;
SELECT count(*) FILTER (WHERE said = condition) > 300, count(*) FILTER (WHERE said IS NULL) > 300 FROM turning;
SELECT 'does not turn', t.* FROM turning t WHERE said = condition AND NOT turns;
SELECT 'turns unsaid', t.* FROM turning t WHERE said IS NULL AND turns;

-- a near miss is one of those who are not in it; everything named is of the rule and has the value that is said
SELECT 'near miss differs', model, id, segment FROM explanation
 WHERE (near_miss IS NOT NULL) <> (NOT member AND detail -> 'turns_on' <> 'null') OR (detail ->> 'near_miss')::boolean <> (near_miss IS NOT NULL);
SELECT 'value differs', x.model, x.id, x.segment, named
  FROM explanation x JOIN customer c USING (id), jsonb_array_elements(x.detail -> 'conditions') named
 WHERE named ->> 'condition' IN ('a', 'b', 'c', 'n > 2')
   AND (named ->> 'value')::boolean IS DISTINCT FROM CASE named ->> 'condition' WHEN 'a' THEN a WHEN 'b' THEN b WHEN 'c' THEN c ELSE n > 2 END;

-- the conditions that are named decide: whatever the others are, the answer stays
SELECT 'does not decide', x.id, x.segment
  FROM explanation x JOIN customer c USING (id)
       JOIN customer o ON NOT EXISTS (SELECT FROM jsonb_array_elements(x.detail -> 'conditions') named
                                       WHERE CASE named ->> 'condition' WHEN 'a' THEN c.a IS DISTINCT FROM o.a WHEN 'b' THEN c.b IS DISTINCT FROM o.b
                                                  WHEN 'c' THEN c.c IS DISTINCT FROM o.c ELSE (c.n > 2) IS DISTINCT FROM (o.n > 2) END)
       JOIN answer a ON a.model = x.model AND a.id = o.id
 WHERE x.model = 'plain' AND (x.segment = ANY (a.segments)) <> x.member AND (x.detail #> '{conditions,0,value}') IS NOT NULL
   AND NOT EXISTS (SELECT FROM jsonb_array_elements(x.detail -> 'conditions') named WHERE named -> 'value' = 'null');

-- and all of it is what a refresh stores: for these customers, and with each condition turned in the table itself
CREATE TABLE flipped AS
    SELECT 1000 + row_number() OVER (ORDER BY who.id, condition, value)::int AS id, who.id AS of, condition, value
      FROM customer who, unnest('{a,b,c,n > 2}'::text[]) condition, unnest('{true,false}'::boolean[]) value;
INSERT INTO customer
    SELECT f.id, CASE condition WHEN 'a' THEN value ELSE a END, CASE condition WHEN 'b' THEN value ELSE b END, CASE condition WHEN 'c' THEN value ELSE c END,
           CASE condition WHEN 'n > 2' THEN CASE WHEN value THEN 5 ELSE 1 END ELSE n END
      FROM flipped f JOIN customer ON customer.id = f.of;
SELECT model, (segmentation.refresh(model)).rows_read FROM unnest('{nested,plain,ranked}'::text[]) model;
CREATE TABLE stored AS
    SELECT 'plain' AS model, id, segments FROM plain_assignment UNION ALL SELECT 'nested', id, segments FROM nested_assignment
    UNION ALL SELECT 'ranked', id, segments FROM ranked_assignment;
SELECT 'explained is not stored', x.model, x.id, x.segment FROM explanation x LEFT JOIN stored s USING (model, id)
 WHERE x.member IS DISTINCT FROM x.segment = ANY (s.segments);
SELECT 'stored is not explained', s.model, s.id, e.segment FROM stored s, segmentation.explain_segments(s.model, ARRAY[s.id::text]) e
 WHERE s.id > 1000 AND s.id % 7 = 0 AND e.member IS DISTINCT FROM e.segment = ANY (s.segments);
SELECT 'stored is not classified', s.* FROM stored s WHERE id % 5 = 0 AND segments IS DISTINCT FROM segmentation.classify(model, id::text);
CREATE TABLE turning_stored AS
    SELECT x.id, x.segment, f.condition, x.detail #>> '{turns_on,condition}' AS said, bool_or((x.segment = ANY (s.segments)) <> x.member) AS turns
      FROM explanation x JOIN flipped f ON f.of = x.id JOIN stored s ON (s.model, s.id) = (x.model, f.id) WHERE x.model = 'plain' GROUP BY 1, 2, 3, 4;
SELECT count(*) FILTER (WHERE said = condition) > 300, count(*) FILTER (WHERE said IS NULL) > 300 FROM turning_stored;
SELECT 'does not turn what is stored', t.* FROM turning_stored t WHERE said = condition AND NOT turns;
SELECT 'turns what is stored, unsaid', t.* FROM turning_stored t WHERE said IS NULL AND turns;

SELECT segmentation.drop_model(model) FROM (SELECT DISTINCT model FROM definition) d;
DROP SCHEMA explain_properties CASCADE;
