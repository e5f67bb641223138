-- No rule of a starter fails, whatever dates and numbers there are, at its making or later.
\set VERBOSITY default
\set SHOW_CONTEXT never
SET client_min_messages = error;
CREATE SCHEMA regress_hostile;
SET search_path = regress_hostile, public, segmentation;
SET TimeZone = 'UTC';
CREATE TABLE day (day timestamptz);
INSERT INTO day VALUES (NULL), ('infinity'), ('-infinity'), ('294276-12-31 23:59:59.999999'), ('4713-01-01 BC'), (now()), ('2000-01-01'), ('2020-02-29');
CREATE TABLE number (number numeric);
INSERT INTO number VALUES (NULL), (0), (-1), (7), (10), (11), (2147483647), (-2147483648), ('NaN'), ('Infinity'), ('-Infinity'), (1e300), (-0.000000000000000001), (8.5);
CREATE TABLE customer (id int PRIMARY KEY GENERATED ALWAYS AS IDENTITY, d date, t timestamp, z timestamptz, n numeric, f float8, i int, score numeric, revenue currency_price);
INSERT INTO customer (d, t, z, n, f, i, score, revenue)
    SELECT current_date - k, now() - k * interval '1 day', now() - k * interval '1 day', k, k, k, k % 11, k || ' EUR' FROM generate_series(1, 50) AS k;
INSERT INTO customer (d, t, z, n, f, i) SELECT day, day, day, 5, 5, 5 FROM day, generate_series(1, 2);
CREATE PROCEDURE try() LANGUAGE plpgsql AS $$
DECLARE
    made text[] := '{}';
    model text;
    failed text;
BEGIN
    SELECT array_agg(format(call, c) ORDER BY call, c) INTO made FROM unnest('{d,t,z}'::text[]) AS c, unnest(ARRAY[
        'SELECT segmentation.create_model_from(''rfm'', ''customer'', ''%1$s'', ''i'', ''i'', name => ''rfm-%1$s'')',
        'SELECT segmentation.create_model_from(''lifecycle'', ''customer'', ''%1$s'', ''%1$s'', name => ''life-%1$s'')',
        'SELECT segmentation.create_model_from(''nps'', ''customer'', ''score'', ''%1$s'', name => ''nps-%1$s'')']) AS call;
    made := made || ARRAY['SELECT segmentation.create_model_from(''rfm'', ''customer'', ''i'', ''n'', ''f'', name => ''rfm-n'')',
        'SELECT segmentation.create_model_from(''revenue'', ''customer'', ''n'', name => ''revenue-n'')',
        'SELECT segmentation.create_model_from(''revenue'', ''customer'', ''f'', name => ''revenue-f'')',
        'SELECT segmentation.create_model_from(''revenue'', ''customer'', ''revenue'', name => ''revenue'')',
        'SELECT segmentation.create_model_from(''revenue'', ''customer'', ''revenue'', tiers => ''low 1, high 20 EUR'', name => ''tiers'')'];
    FOR i IN 1 .. cardinality(made) LOOP EXECUTE made[i]; END LOOP;
    INSERT INTO regress_hostile.customer (d, t, z, n, f, score, i, revenue)
        SELECT day, day, day, number, CASE WHEN abs(number) <= 1e300 OR number IN ('NaN', 'Infinity', '-Infinity') THEN number END, number,
               CASE WHEN abs(number) < 2147483648 THEN number END, CASE WHEN abs(number) < 100 THEN currency_price(number, CASE WHEN number = 7 THEN 'USD' ELSE 'EUR' END) END
          FROM regress_hostile.day, regress_hostile.number;
    FOR model IN SELECT id FROM segmentation.model LOOP
        PERFORM segmentation.refresh(model);
        PERFORM segmentation.refresh(model, '2100-01-01');
        SELECT string_agg(segment::text, ', ') INTO failed FROM segmentation.model_status(model) WHERE status <> 'ok';
        IF failed IS NOT NULL OR EXISTS (SELECT FROM segmentation.verify(model)) THEN
            RAISE EXCEPTION 'model %: % have failed', model, failed;
        END IF;
    END LOOP;
END $$;
CALL try();
-- who has an infinite date is not scored; in a lifecycle it is what it says, always or never
SELECT DISTINCT d, r.segments AS rfm, l.segments AS lifecycle
  FROM customer c JOIN "rfm-d_assignment" r USING (id) JOIN "life-d_assignment" l USING (id) WHERE NOT isfinite(d) ORDER BY 1, 2, 3;
SELECT DISTINCT n.score::float8, segments FROM customer n JOIN "nps-d_assignment" USING (id) WHERE d = 'infinity' ORDER BY 1;

SET client_min_messages = error;
SELECT count(*) FROM segmentation.model, drop_model(id::text);
DROP SCHEMA regress_hostile CASCADE;
