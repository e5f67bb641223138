-- Refreshes over every kind of source and key: first, later, and what verify and
-- the history make of it.
\set VERBOSITY default
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE SCHEMA regress_sources;
SET search_path = regress_sources, public;

-- twenty customers, whose number is in the key in many forms
CREATE TABLE key (name text PRIMARY KEY, columns text[], definition text, value text);
INSERT INTO key VALUES
    ('int', '{id}', 'id int', '$1'),
    ('bigint', '{id}', 'id bigint', '5000000000 + $1'),
    ('smallint', '{id}', 'id smallint', '$1::smallint'),
    ('numeric', '{id}', 'id numeric(8,2)', '$1 + 0.25'),
    ('uuid', '{id}', 'id uuid', 'md5($1::text)::uuid'),
    ('text', '{id}', 'id text', '''Kunde "'' || $1 || ''"'''),
    ('varchar', '{"Kunden-Nr."}', '"Kunden-Nr." varchar(12) COLLATE "C"', '''k'' || $1'),
    ('date', '{born}', 'born date', 'date ''1990-02-27'' + $1'),
    ('segment_id', '{code}', 'code segment_id', '(''c-'' || $1)::segment_id'),
    ('two', '{tenant_id,id}', 'tenant_id bigint, id int', '$1 % 3, $1'),
    ('three', '{select,"User",nr}', '"select" uuid, "User" text, nr int', 'md5(($1 % 2)::text)::uuid, ''u'' || $1 % 5, $1');
CREATE TABLE kind (name text PRIMARY KEY, before text, after text);
INSERT INTO kind VALUES
    ('table', NULL, NULL),
    ('view', 'CREATE VIEW %1$I AS SELECT * FROM %2$I WHERE size IS NULL OR size > 0', NULL),
    ('matview', 'CREATE MATERIALIZED VIEW %1$I AS SELECT * FROM %2$I WHERE size IS NULL OR size > 0', 'REFRESH MATERIALIZED VIEW %I'),
    ('partitions', 'CREATE TABLE %1$I (LIKE %2$I) PARTITION BY HASH (%3$s);'
        ' CREATE TABLE %4$I PARTITION OF %1$I FOR VALUES WITH (MODULUS 2, REMAINDER 0); CREATE TABLE %5$I PARTITION OF %1$I FOR VALUES WITH (MODULUS 2, REMAINDER 1);'
        ' INSERT INTO %1$I SELECT * FROM %2$I', NULL),
    ('parent', 'CREATE TABLE %1$I (LIKE %2$I); CREATE TABLE %4$I () INHERITS (%1$I);'
        ' INSERT INTO %1$I SELECT * FROM %2$I WHERE nr_of_customer %% 2 = 0; INSERT INTO %4$I SELECT * FROM %2$I WHERE nr_of_customer %% 2 = 1', NULL);

-- makes the source, changes it between two refreshes, and says what was not as it should be
CREATE TABLE finding (kind text, key text, finding text);
CREATE PROCEDURE try(kind kind, key key) LANGUAGE plpgsql AS $$
DECLARE
    base text := key.name || ' base ' || kind.name;
    source text := CASE WHEN kind.before IS NULL THEN base ELSE key.name || ' of ' || kind.name END;
    written text := CASE WHEN kind.name LIKE '%view' THEN base ELSE source END;
    columns text := (SELECT string_agg(quote_ident(c), ', ') FROM unnest(key.columns) AS c);
    model text := key.name || '-' || kind.name;
    customers text := 'SELECT ' || replace(key.value, '$1', 'n') || ', n, nullif(n, 7) FROM generate_series($1, $2) AS n';
    l record;
    moment timestamptz;
    before jsonb;
    again jsonb;
    n bigint;
BEGIN
    EXECUTE format('CREATE TABLE %I (%s, nr_of_customer int, size int, PRIMARY KEY (%s))', base, key.definition, columns);
    EXECUTE format('INSERT INTO %I ', base) || customers USING 1, 20;
    EXECUTE coalesce(format(kind.before, source, base, columns, source || ' 0', source || ' 1'), 'SELECT');
    PERFORM segmentation.create_model(model, quote_ident(source)::regclass, key.columns::name[], time_zone => 'UTC');
    PERFORM segmentation.define_segment(model, 'large', 'size > 10'), segmentation.define_segment(model, 'odd', 'size % 2 = 1 AND NOT in_segment(''large'')');

    SELECT * INTO l FROM segmentation.refresh(model);
    IF (l.rows_read, l.appeared, l.entered) IS DISTINCT FROM (20, 20, 14) THEN
        INSERT INTO finding SELECT kind.name, key.name, format('first refresh: %s', l);
    END IF;
    EXECUTE format('SELECT jsonb_agg(to_jsonb(a) ORDER BY a::text) FROM (SELECT %s, segments FROM %I) AS a', columns, model || '_assignment') INTO before;
    COMMIT;
    moment := clock_timestamp();

    -- three change, one of them to NULL; two vanish, two are new
    EXECUTE format('UPDATE %I SET size = CASE nr_of_customer WHEN 1 THEN 100 WHEN 2 THEN 3 END WHERE nr_of_customer IN (1, 2, 3)', written);
    EXECUTE format('DELETE FROM %I WHERE nr_of_customer IN (19, 20)', written);
    EXECUTE format('INSERT INTO %I ', written) || customers USING 21, 22;
    EXECUTE coalesce(format(kind.after, source), 'SELECT');
    SELECT * INTO l FROM segmentation.refresh(model);
    IF (l.rows_read, l.appeared, l.changed, l.vanished, l.entered, l.exited) IS DISTINCT FROM (20, 2, 3, 2, 4, 4) THEN
        INSERT INTO finding SELECT kind.name, key.name, format('later refresh: %s', l);
    END IF;
    SELECT * INTO l FROM segmentation.refresh(model);
    IF (l.appeared, l.changed, l.vanished) IS DISTINCT FROM (0, 0, 0) THEN
        INSERT INTO finding SELECT kind.name, key.name, format('refresh without a change: %s', l);
    END IF;

    SELECT count(*) INTO n FROM segmentation.verify(model);
    IF n > 0 THEN
        INSERT INTO finding SELECT kind.name, key.name, format('verify: %s differences', n);
    END IF;
    EXECUTE format('SELECT jsonb_agg(to_jsonb(a) ORDER BY a::text) FROM (SELECT %s, segments FROM %I($1)) AS a', columns, model || '_at') INTO again USING moment;
    IF again IS DISTINCT FROM before THEN
        INSERT INTO finding SELECT kind.name, key.name, format('at the moment between: %s and not %s', again, before);
    END IF;
    EXECUTE format('SELECT count(*) FROM %I JOIN %I USING (%s) WHERE segment = ''large'' AND (size > 10) IS NOT TRUE', model || '_member', source, columns) INTO n;
    IF n > 0 THEN
        INSERT INTO finding SELECT kind.name, key.name, format('%s members are none', n);
    END IF;
    PERFORM segmentation.drop_model(model);
END
$$;
DO $$
DECLARE
    kind kind;
    key key;
BEGIN
    FOR kind IN SELECT * FROM kind ORDER BY name LOOP
        FOR key IN SELECT * FROM key ORDER BY name LOOP
            CALL try(kind, key);
        END LOOP;
    END LOOP;
END
$$;
SELECT count(*) AS combinations FROM kind, key;
SELECT * FROM finding ORDER BY kind, key, finding;
DROP SCHEMA regress_sources CASCADE;
