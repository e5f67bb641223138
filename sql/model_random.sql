-- Random histories: whatever changes, in data, definitions and time, a refresh
-- leaves nothing for verify to find, and the past stays what it was.
\set VERBOSITY default
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE SCHEMA regress_random;
SET search_path = regress_random, public;
SET TimeZone = 'UTC';

CREATE SEQUENCE draw;
CREATE FUNCTION dice(sides bigint) RETURNS int VOLATILE
    RETURN ((hashint8extended(nextval('draw'), 11) & 2147483647) % sides)::int;

CREATE TABLE customer (id int PRIMARY KEY, n int, word text, seen timestamptz);
CREATE TABLE definition (model text, segment text, place int, rule text, PRIMARY KEY (model, segment));

-- up to eight customers, of forty, appear, change or vanish
CREATE FUNCTION change_data() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    which int;
BEGIN
    FOR i IN 1 .. dice(9) LOOP
        which := 1 + dice(40);
        CASE dice(4)
            WHEN 0 THEN DELETE FROM customer WHERE id = which;
            WHEN 1 THEN UPDATE customer SET id = 41 + dice(5) WHERE id = which AND NOT EXISTS (SELECT FROM customer WHERE id > 40);
            ELSE
                INSERT INTO customer
                VALUES (which, nullif(dice(5), 4), (ARRAY['a', 'b', '', NULL])[1 + dice(4)], timestamptz '2025-01-01' + interval '1 day' * dice(1000))
                ON CONFLICT (id) DO UPDATE SET n = EXCLUDED.n, word = EXCLUDED.word, seen = EXCLUDED.seen;
        END CASE;
    END LOOP;
END
$$;

-- model walk asks for its own segments; first, an exclusive one, for walk's; above for both
CREATE FUNCTION new_rule(model text) RETURNS text RETURN
    (ARRAY['n > 1', 'n IS NULL OR word = ''a''', 'NOT n = 2', 'word <> ''''', 'coalesce(word, '''') = ''''',
        'seen < now() - interval ''1 month''', 'seen > now()', 'seen::date BETWEEN current_date - 90 AND current_date', 'true', 'NULL']
    || CASE model
        WHEN 'walk' THEN ARRAY[
            format('in_segment(''s%s'') AND n > 0', dice(6)), format('NOT in_segment(%L, ''s%s'')', model, dice(6)),
            format('in_segment(''s%s'') IS FALSE OR in_segment(''s%s'')', dice(6), dice(6)), format('in_segment(''s%s'') OR n = 0', dice(6))]
        WHEN 'first' THEN ARRAY[
            format('in_segment(''walk'', ''s%s'') OR word = ''b''', dice(6)), format('in_segment(''walk'', ''s%s'')', dice(6)),
            format('NOT in_segment(''walk'', ''s%s'') AND seen < now()', dice(6)), 'word = ''a''']
        ELSE ARRAY[
            format('in_segment(''first'', ''s%s'')', dice(6)), format('in_segment(''first'', ''s%s'') AND NOT in_segment(''walk'', ''s%s'')', dice(6), dice(6)),
            format('NOT (in_segment(''first'', ''s%s'') OR in_segment(''s%s''))', dice(6), dice(6)), format('in_segment(''first'', ''s%s'') IS NOT TRUE', dice(6))]
    END)[1 + dice(14)];

-- one definition is made, changed or dropped, if it may be
CREATE FUNCTION change_definition(changed text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    name text := 's' || dice(6);
    text text := new_rule(changed);
BEGIN
    IF dice(5) = 0 THEN
        PERFORM segmentation.drop_segment(changed, name);
        DELETE FROM definition WHERE model = changed AND segment = name;
    ELSE
        PERFORM segmentation.define_segment(changed, name, text, rank => CASE changed WHEN 'first' THEN length(text) * 10 + substr(name, 2)::int END);
        INSERT INTO definition VALUES (changed, name, length(text) * 10 + substr(name, 2)::int, text)
        ON CONFLICT (model, segment) DO UPDATE SET place = EXCLUDED.place, rule = EXCLUDED.rule;
    END IF;
-- what would make a circle, asks for what is not there, or drops what others ask for
EXCEPTION WHEN invalid_object_definition OR undefined_object OR dependent_objects_still_exist THEN
    INSERT INTO refused VALUES (changed, name, text, SQLSTATE);
END
$$;
CREATE TABLE refused (model text, segment text, rule text, code text);

-- A rule without in_segment: what the segment asked for says, false where that is
-- unknown, and in model first only for whom no rule before it holds.
CREATE FUNCTION taken(of_model text, of_segment text, moment timestamptz) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    parts text[];
    d record;
    asked text[];
BEGIN
    FOR d IN
        SELECT e.segment, e.rule FROM definition AS own JOIN definition AS e USING (model)
        WHERE (own.model, own.segment) = (of_model, of_segment) AND (e.segment = of_segment OR of_model = 'first' AND e.place < own.place)
        ORDER BY e.place
    LOOP
        d.rule := replace(replace(d.rule, 'now()', format('%L::timestamptz', moment)), 'current_date', format('%L::date', moment::date));
        LOOP
            asked := regexp_match(d.rule, 'in_segment\((?:''(\w+)'', )?''(\w+)''\)');
            EXIT WHEN asked IS NULL;
            d.rule := replace(d.rule, (regexp_match(d.rule, 'in_segment\([^)]*\)'))[1], taken(coalesce(asked[1], of_model), asked[2], moment));
        END LOOP;
        parts := parts || format('%scoalesce((%s), false)', CASE WHEN d.segment <> of_segment THEN 'NOT ' END, d.rule);
    END LOOP;
    RETURN '(' || array_to_string(parts, ' AND ') || ')';
END
$$;

-- what is true now, kept outside of the models
CREATE TABLE looked (model text, step int, moment timestamptz DEFAULT clock_timestamp(), PRIMARY KEY (model, step));
CREATE TABLE recorded (model text, step int, id int, segments segment_id[], PRIMARY KEY (model, step, id));
CREATE FUNCTION record(of_model text, of_step int, moment timestamptz) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE (
        SELECT format('INSERT INTO recorded SELECT %L, %s, id, array_remove(ARRAY[%s]::segment_id[], NULL) FROM customer', of_model, of_step,
                      string_agg(format('CASE WHEN %s THEN %L END', taken(model, segment, moment), segment), ', ' ORDER BY segment))
        FROM definition WHERE model = of_model);
    INSERT INTO looked VALUES (of_model, of_step);
END
$$;

-- where the answer as of a step differs from what was recorded then: in at, and by the stays
CREATE FUNCTION past(of_model text, of_step int) RETURNS TABLE (model text, step int, found text, id int, segments segment_id[], recorded segment_id[])
    LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    t timestamptz;
BEGIN
    SELECT moment INTO t FROM looked WHERE (model, step) = (of_model, of_step);
    RETURN QUERY EXECUTE format($q$
        SELECT $1, $2, 'at', id, a.segments, r.segments
        FROM (SELECT id, segments FROM %I($3) WHERE segments IS NOT NULL) AS a
        FULL JOIN (SELECT id, segments FROM recorded WHERE (model, step) = ($1, $2)) AS r USING (id)
        WHERE a.segments IS DISTINCT FROM r.segments
        UNION ALL
        SELECT $1, $2, 'stay', id, s.segments, r.segments
        FROM (SELECT id, array_agg(segment ORDER BY segment) AS segments FROM %I
              WHERE entered_at <= $3 AND ($3 < left_at OR left_at IS NULL) GROUP BY id) AS s
        FULL JOIN (SELECT id, segments FROM recorded WHERE (model, step) = ($1, $2) AND segments <> '{}') AS r USING (id)
        WHERE s.segments IS DISTINCT FROM r.segments
        $q$, of_model || '_at', of_model || '_stay') USING of_model, of_step, t;
END
$$;

SELECT segmentation.create_model('walk', 'customer', '{id}', time_zone => 'UTC');
SELECT segmentation.create_model('first', 'customer', '{id}', 'exclusive', time_zone => 'UTC');
SELECT segmentation.create_model('above', 'customer', '{id}', time_zone => 'UTC');

-- Sixty steps: changes, a new definition now and then, refreshes at later and
-- later moments, some of them undone, some several in one transaction.
CREATE TABLE found (step int, model text, finding text);
DO $$
DECLARE
    moment timestamptz := '2025-01-01 UTC';
    name text;
BEGIN
    FOR k IN 1 .. 60 LOOP
        PERFORM change_data();
        FOREACH name IN ARRAY '{walk,first,above}'::text[] LOOP
            IF k < 6 OR dice(4) = 0 THEN
                PERFORM change_definition(name);
            END IF;
        END LOOP;
        moment := moment + interval '1 hour' * dice(500) * dice(2);
        IF dice(5) = 0 THEN
            BEGIN
                PERFORM change_data();
                PERFORM segmentation.refresh('walk', moment);
                PERFORM segmentation.refresh('first', moment);
                RAISE SQLSTATE 'UNDO0';
            EXCEPTION WHEN SQLSTATE 'UNDO0' THEN
            END;
        ELSIF dice(4) = 0 THEN
            PERFORM segmentation.refresh('walk', moment);
            PERFORM change_data();
            PERFORM segmentation.refresh('walk', moment);
            PERFORM change_data();
        END IF;
        PERFORM segmentation.refresh(model, moment) FROM unnest('{walk,first,above}'::text[]) AS model;
        COMMIT;
        PERFORM record(model, k, moment) FROM unnest('{walk,first,above}'::text[]) AS model;
        INSERT INTO found SELECT k, model, 'verify: ' || v::text FROM unnest('{walk,first,above}'::text[]) AS model, segmentation.verify(model) AS v;
        -- now, and at a few of the steps before
        INSERT INTO found SELECT k, p.model, p::text
            FROM unnest('{walk,first,above}'::text[]) AS model, unnest(ARRAY[k, 1 + dice(k), 1 + dice(k)]) AS of_step, past(model, of_step) AS p;
        COMMIT;
    END LOOP;
END
$$;
SELECT * FROM found ORDER BY step, model, finding LIMIT 20;
-- in the end, all of the past
SELECT p.* FROM looked, past(model, step) AS p ORDER BY 1, 2, 3, 4 LIMIT 20;

-- periods of a customer follow each other without a gap or an overlap, each another answer
SELECT format($q$
    SELECT '%1$s' AS model, id, segments, since, until, next
    FROM (SELECT id, segments, since, until, lead(since) OVER w AS next, lead(true) OVER w AS more, lead(segments) OVER w AS "then"
          FROM (SELECT id, segments, since, until FROM %1$s_history
                UNION ALL SELECT id, segments, since, NULL FROM %1$s_assignment) AS p
          WINDOW w AS (PARTITION BY id ORDER BY since)) AS p
    WHERE since >= until OR more AND (until IS DISTINCT FROM next OR segments IS NOT DISTINCT FROM "then") OR more IS NULL AND until IS NOT NULL
    $q$, model) FROM unnest('{walk,first,above}'::text[]) AS model \gexec

-- it was a walk: there were refusals, many periods, people who left and came back, segments that came and went
SELECT (SELECT count(DISTINCT code) FROM refused) AS "kinds of refusal",
       (SELECT count(*) > 300 FROM walk_history) AS "many periods",
       (SELECT count(*) > 20 FROM walk_history WHERE segments IS NULL) AS "many came back",
       (SELECT count(*) > 20 FROM walk_history WHERE cause = 'definition') AS "many by definition",
       (SELECT count(*) > 20 FROM walk_history WHERE cause = 'refresh') AS "many by refresh",
       (SELECT count(DISTINCT version) > 10 FROM walk_history) AS "many versions",
       (SELECT count(DISTINCT segment) FROM walk_stay) AS "segments of walk";

-- a refresh that finds nothing to do writes nothing
CREATE TABLE before AS SELECT ctid AS at, xmin AS by, * FROM walk_assignment;
SELECT appeared, changed, vanished, entered, exited FROM segmentation.refresh('walk', (SELECT as_of FROM segmentation.model WHERE id = 'walk'));
SELECT count(*) AS rewritten FROM walk_assignment AS a JOIN before USING (id) WHERE (a.ctid, a.xmin::text) <> (at, by::text);

-- leave nothing to the tests that follow
DELETE FROM segmentation.segment_reference
WHERE model IN (SELECT id FROM segmentation.model JOIN pg_class ON pg_class.oid = assignment WHERE relnamespace = quote_ident(current_schema())::regnamespace);
DELETE FROM segmentation.model USING pg_class WHERE pg_class.oid = assignment AND relnamespace = quote_ident(current_schema())::regnamespace;
SET client_min_messages = warning;
DROP SCHEMA regress_random CASCADE;
