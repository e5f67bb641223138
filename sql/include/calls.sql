-- calls of every function of the extension that the catalog has: schema hostile
\set SHOW_CONTEXT never
SET client_min_messages = error;
CREATE ROLE regress_hostile;
CREATE SCHEMA hostile;
GRANT USAGE ON SCHEMA hostile TO PUBLIC;
SET search_path = hostile, public;

-- what can be named: customers with a lock and models
CREATE TABLE customer (id int PRIMARY KEY, segment segment_id, paid currency_price, score int, seen timestamptz, name text, born date);
CREATE TABLE offer (code text PRIMARY KEY, segment segment_id NOT NULL);
CREATE TABLE subscription (id int PRIMARY KEY, customer int NOT NULL REFERENCES customer, offer text NOT NULL REFERENCES offer);
CREATE TABLE buyer (LIKE customer INCLUDING ALL, market segment_id REFERENCES segmentation.market);
CREATE TABLE purchase (id int PRIMARY KEY, buyer int NOT NULL REFERENCES buyer, segment segment_id);
INSERT INTO customer SELECT i, NULL, currency_price(i, 'EUR'), i, '2026-01-01', i::text, '2000-02-29' FROM generate_series(1, 20) AS i;
INSERT INTO offer VALUES ('team', 'eu'), ('solo', 'us');
SELECT segmentation.install_lock('customer', 'subscription', offers => 'offer');
INSERT INTO subscription VALUES (1, 1, 'team');
SELECT segmentation.create_market('fr', 'EUR', '{FR}');
INSERT INTO segmentation.offer (market, code, price) VALUES ('fr', 'team', '9.90 EUR');
INSERT INTO segmentation.offer_text (market, offer, language, title) VALUES ('fr', 'team', 'en', 'Team');
SELECT segmentation.create_model('service', 'customer', '{id}');
SELECT segmentation.define_segment('service', 'large', $$ paid > '10 EUR' $$);
SELECT segmentation.define_segment('service', 'quiet', $$ seen < now() - interval '1 day' AND NOT in_segment('large') $$);
SELECT segmentation.create_model('tiers', 'customer', '{id}', kind => 'exclusive');
SELECT segmentation.define_segment('tiers', 'rest', rank => 1);
SELECT segmentation.refresh('service');
INSERT INTO service_override (id, segment, member, reason) VALUES (1, 'large', true, 'why');
CREATE TABLE original AS SELECT * FROM segmentation.model WHERE id = 'service';

-- relations that are no table of this session's, or none at all
CREATE TABLE partitioned (id int, segment text) PARTITION BY LIST (id);
CREATE INDEX partitioned_idx ON partitioned (id);
CREATE TABLE partition PARTITION OF partitioned FOR VALUES IN (1);
CREATE TABLE parent (id int PRIMARY KEY);
CREATE TABLE child () INHERITS (parent);
CREATE TABLE bare ();
CREATE TABLE dropped (id int PRIMARY KEY);
CREATE TABLE dropped_meanwhile AS SELECT 'dropped'::regclass::oid AS relation;
DROP TABLE dropped;
CREATE SEQUENCE counter;
CREATE TYPE composite AS (id int, segment text);
CREATE VIEW view AS SELECT * FROM customer;
CREATE MATERIALIZED VIEW stored_view AS SELECT * FROM customer;
CREATE FOREIGN DATA WRAPPER hostile_wrapper;
CREATE SERVER hostile_server FOREIGN DATA WRAPPER hostile_wrapper;
CREATE FOREIGN TABLE elsewhere (id int, segment text) SERVER hostile_server;
CREATE TEMP TABLE own_temporary (id int PRIMARY KEY, segment segment_id);
-- a table in the temporary schema of a session that is another one
\setenv PGDATABASE :DBNAME
\! psql -Xq -c "SET application_name = hostile" -c "CREATE TEMP TABLE temporary_of_another (id int PRIMARY KEY, segment text)" -c "SELECT pg_sleep(600)" >/dev/null 2>&1 &
DO $$
BEGIN
    WHILE NOT EXISTS (SELECT FROM pg_class WHERE relname = 'temporary_of_another' AND relnamespace <> pg_my_temp_schema()) LOOP
        PERFORM pg_sleep(0.02);
    END LOOP;
END
$$;
CREATE TABLE relation (name text PRIMARY KEY, oid oid);
INSERT INTO relation
    SELECT relname, oid FROM pg_class WHERE relnamespace IN ('hostile'::regnamespace, pg_my_temp_schema()) AND relname !~ '_pkey'
    UNION ALL
    SELECT relname, oid FROM pg_class WHERE relname = 'temporary_of_another' UNION ALL
    SELECT 'index', 'customer_pkey'::regclass
    UNION ALL
    SELECT 'pg_class', 'pg_class'::regclass UNION ALL
    SELECT 'segmentation.market', 'segmentation.market'::regclass UNION ALL
    SELECT 'toast table', reltoastrelid FROM pg_class WHERE oid = 'pg_proc'::regclass UNION ALL
    SELECT 'dropped', relation FROM dropped_meanwhile UNION ALL
    VALUES ('0', 0::oid), ('missing', 999999), ('largest', 4294967295), ('function', 'int4pl'::regproc::oid), ('schema', 'hostile'::regnamespace::oid);

-- what a function is given: values by type, for some names of arguments also sensible
-- ones; the first that fits is what the other arguments have
CREATE TABLE given (n serial, type regtype, argument text, value text);
INSERT INTO given (type, argument, value) VALUES
    ('text', 'model', '''service'''), ('text', 'model', '''tiers'''), ('segment_id', 'model', '''service'''),
    ('text', 'segment', '''quiet'''), ('text', 'segment', '''large'''), ('text', 'id', '''large'''), ('segment_id', 'id', '''fr'''), ('segment_id', 'id', '''it'''), ('segment_id', 'from', '''fr'''), ('segment_id', 'to', '''it'''),
    ('text', 'name', '''another'''), ('text', 'kind', '''overlapping'''),
    ('text', 'rule', '''score > 5'''), ('text', 'expression', '''score > 5'''), ('text', 'condition', '''id > 1'''),
    ('text', 'locks_when', 'NULL'), ('text', 'running_when', 'NULL'),
    ('text', 'currency', '''EUR'''), ('text', 'time_zone', '''UTC'''), ('text', 'language', '''fr'''),
    ('text', 'customers_mode', '''SHARE'''), ('text', 'query', '''customer condition'''), ('text', 'status', '''active'''),
    ('text', 'to_segment', '''us'''), ('text', 'mode', '''half-up'''), ('text', 'role', '''customers'''),
    ('text', 'starter', '''nps'''), ('text', 'starter', '''rfm'''), ('name[]', 'columns', '''{score}'''), ('name[]', 'columns', '''{seen,score,paid}'''),
    ('name', 'schema', '''hostile'''), ('name', 'prefix', '''another'''), ('name', 'customer_segment', '''segment'''),
    ('name', 'subscription_segment', '''segment'''), ('name', 'offer_segment', 'NULL'), ('name', 'subscription_offer', 'NULL'),
    ('name', 'subscription_price', 'NULL'), ('name', 'segment_column', 'NULL'), ('name', 'col', '''segment'''),
    ('name[]', NULL, '''{id}'''),
    ('text[]', 'key', '''{1}'''), ('text[]', 'key', '''{2}'''), ('text[]', 'countries', '''{FR}'''),
    ('text[]', 'arguments', '''{customers=hostile.customer,subscriptions=hostile.subscription,customer_key=id,customer_segment=segment,subscription_customer=customer,subscription_segment=offer}'''),
    ('regclass', 'subscriptions', '''hostile.purchase'''), ('regclass', 'offers', 'NULL'),
    ('regclass', 'customers', '''hostile.buyer'''), ('regclass', 'customers', '''hostile.customer'''),
    ('regclass', NULL, '''hostile.customer'''), ('regclass', NULL, '''hostile.subscription'''),
    ('boolean', NULL, 'true'), ('boolean', NULL, 'false');
INSERT INTO given (type, value)
    SELECT unnest('{oid,regclass}'::regtype[]), format('%s /* %s */', oid, name) FROM relation ORDER BY name;
INSERT INTO given (type, value)
    SELECT 'regclass[]'::regtype, format('ARRAY[%s, NULL]', oid) FROM relation ORDER BY name;
INSERT INTO given (type, value)
    SELECT type, value FROM
        unnest('{smallint,integer,bigint,numeric,double precision}'::regtype[]) AS type,
        unnest('{1,0,-1,7,32767,-32768}'::text[]) AS value;
INSERT INTO given (type, value) VALUES
    ('integer', '2147483647'), ('integer', '-2147483648'), ('bigint', '9223372036854775807'), ('bigint', '-9223372036854775808'),
    ('numeric', '''NaN'''), ('numeric', '''Infinity'''), ('numeric', '''-Infinity'''), ('numeric', '1e130000'), ('numeric', '1e-16383'),
    ('double precision', '''NaN'''), ('double precision', '''Infinity'''), ('double precision', '''-Infinity'''), ('double precision', '1e308'), ('double precision', '1e-308'),
    ('timestamptz', '''2026-06-01'''), ('timestamptz', '''infinity'''), ('timestamptz', '''-infinity'''), ('timestamptz', '''4714-11-24 BC'''), ('timestamptz', '''294276-12-31'''),
    ('date', '''2026-06-01'''), ('date', '''infinity'''), ('date', '''-infinity'''), ('date', '''4714-11-24 BC'''), ('date', '''5874897-12-31'''),
    ('interval', '''1 month'''), ('interval', '''0'''), ('interval', '''-178000000 years'''), ('interval', '''178000000 years'''), ('interval', '''2147483647 days'''), ('interval', '''-1 month 1 day'''),
    ('jsonb', '''{"paid": "9 EUR", "score": 5}'''), ('jsonb', '''null'''), ('jsonb', '''[]'''), ('jsonb', '''{"id": {}, "score": "x", "paid": "1"}'''), ('jsonb', '''{"score": 1e1000}'''),
    ('"char"', '''x'''), ('character', '''x'''), ('"any"', 'true'), ('"any"', '1::int'), ('"any"', '''eu''::segment_id'), ('"any"', '''{}''::int[]'), ('"any"', 'NULL::text'),
    ('segmentation_internal.relation_reference', '''hostile.customer'''), ('segmentation_internal.relation_reference', '''(hostile.dropped)'''),
    ('segmentation_internal.relation_reference', '''hostile.counter (hostile.customer)'''), ('segmentation_internal.relation_reference', '''dropped'''),
    ('regtype', '''integer'''), ('regtype', '0'), ('regtype', '999999'),
    ('segment_id', '''eu'''), ('segment_id', '''zzzzzzzzzzzzzzzzzzzzzzzz'''), ('segment_id', '''0'''),
    ('currency_price', '''10 EUR'''), ('currency_price', '''0 JPY'''), ('currency_price', '''-999999999999999999 USD'''), ('currency_price', '''0.000000000000000001 EUR'''),
    ('currency_price_sum', '''29.7 EUR / 3'''), ('currency_price_sum', '''empty'''), ('currency_price_sum', '''-999999999999999999 USD / 9223372036854775807'''),
    ('latest_nps_response', 'latest_nps_response_accum(NULL, 9, ''2026-01-01''::timestamptz)'), ('latest_nps_response', 'latest_nps_response_accum(NULL, 9, ''infinity''::timestamptz)'),
    ('quantile_state', 'quantile_accum(NULL, 9)'), ('quantile_state', 'quantile_accum(NULL, ''NaN''::numeric)'), ('quantile_state', 'quantile_accum(NULL, 1e-308::float8)'),
    ('quantile_state', 'quantile_accum(NULL, ''9 EUR''::currency_price)'), ('quantile_state', 'quantile_accum(NULL, ''infinity''::date)'),
    ('revenue_tier_state', 'revenue_tier_accum(NULL, ''9 EUR''::currency_price, ''a 0 EUR''::tier_scale)'), ('revenue_tier_state', 'revenue_tier_accum(NULL, ''9 EUR''::currency_price, ''b 0, c 1 EUR''::tier_scale)'),
    ('tier_scale', '''smb 0, mid 1000 EUR'''), ('tier_scale', '''x -999999999999999999 JPY'''),
    ('nps_class', '''promoter'''), ('nps_tally', '''(1,2,3)'''), ('nps_tally', '''(0,0,0)''');
INSERT INTO given (type, value)
    SELECT unnest('{text,name,cstring}'::regtype[]), value FROM unnest(ARRAY[
        '''x''', '''''', ''' ''', '''1''', '''customer''', '''hostile.customer''', '''a=b''', '''"''', '''{''', '''(''', '''%s %1$s''', '''é''', 'E''\n''', '''null''', '''-1''']) AS value;
INSERT INTO given (type, value) VALUES ('text', 'repeat(''x'', 1000000)'), ('text', 'repeat(''('', 20000)'), ('text', 'repeat(''a.'', 100000)'), ('text', 'repeat(''(1 = 1) AND '', 5000) || ''true''');
INSERT INTO given (type, value)
    SELECT DISTINCT unnest(proargtypes::regtype[]), 'NULL' FROM pg_proc;
-- arrays of whatever there is by itself: of no, few, too many, nested and shifted elements
INSERT INTO given (type, value)
    SELECT to_regtype(type || '[]'), value FROM
        (SELECT type, (array_agg(value ORDER BY n))[1] AS element FROM given WHERE argument IS NULL AND value <> 'NULL' AND to_regtype(type || '[]') IS NOT NULL GROUP BY type) AS e
        CROSS JOIN LATERAL unnest(ARRAY[
            '''{}''', '''{NULL}''', format('ARRAY[%s]', element), format('ARRAY[%1$s, NULL, %1$s]', element), format('ARRAY[[%1$s], [%1$s]]', element),
            format('array_fill(%s::%s, ARRAY[2], ARRAY[-3])', element, type), format('array_fill(%s::%s, ARRAY[20000])', element, type)]) AS value
    WHERE type <> 'regclass'::regtype;
GRANT SELECT ON ALL TABLES IN SCHEMA hostile TO PUBLIC;

-- one call, of which nothing stays
CREATE TABLE finding (role name, call text, state text, message text);
CREATE TABLE success (oid oid PRIMARY KEY, call text);
GRANT INSERT ON finding, success TO PUBLIC;
CREATE FUNCTION refused(call text, OUT state text, OUT message text)
LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE call;
    RAISE SQLSTATE 'ZZZZZ';
EXCEPTION WHEN OTHERS OR query_canceled THEN
    state := SQLSTATE;
    message := SQLERRM;
END
$$;
CREATE PROCEDURE try(call text, function oid)
LANGUAGE plpgsql AS $$
DECLARE
    state text;
    message text;
BEGIN
    SELECT * INTO state, message FROM hostile.refused(call);
    IF state = 'ZZZZZ' THEN
        INSERT INTO hostile.success VALUES (function, call) ON CONFLICT DO NOTHING;
    ELSIF state ~ '^(XX|58)' OR state = '57014' OR
        message ~ 'cache lookup|could not open relation|unexpected|invalid memory alloc|SPI_|returned no rows|EXECUTE is null|FOREACH'
    THEN
        INSERT INTO hostile.finding VALUES (current_user, left(call, 300), state, left(message, 300));
    END IF;
END
$$;

CREATE VIEW member AS
    SELECT p.oid, format('%s.%I', p.pronamespace::regnamespace, p.proname) AS name, p.prokind AS kind, p.prorettype::regtype AS result,
        p.proargtypes::regtype[] AS types, p.proargnames AS arguments, p.provariadic <> 0 AND p.proargtypes[p.pronargs - 1] <> '"any"'::regtype AS variadic
    FROM pg_proc p JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
    JOIN pg_extension e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid
    WHERE e.extname = 'segmentation';

-- what an argument can be given
CREATE VIEW choice AS
    SELECT m.oid, a.n AS position, concat(CASE WHEN m.variadic AND a.n = cardinality(m.types) THEN 'VARIADIC ' END, g.value, '::' || nullif(g.type::text, '"any"')) AS value,
        greatest(count(g.argument) OVER (PARTITION BY m.oid, a.n), 1) AS sensible,
        row_number() OVER (PARTITION BY m.oid, a.n ORDER BY g.argument IS NULL, g.value = 'NULL' AND g.argument IS NULL, g.value ~ 'repeat|20000', g.n) AS n
    FROM member m CROSS JOIN LATERAL unnest(m.types) WITH ORDINALITY AS a(type, n)
    JOIN given g ON g.type = a.type AND (g.argument IS NULL OR g.argument = m.arguments[a.n]);

-- each argument in turn with all that there is, the others with what makes sense; and some of all
CREATE FUNCTION calls(function oid) RETURNS SETOF text
LANGUAGE sql AS $$
    WITH m AS (SELECT * FROM hostile.member WHERE oid = function),
    c AS MATERIALIZED (SELECT * FROM hostile.choice WHERE oid = function),
    counts AS (SELECT position, count(*) AS count FROM c WHERE value !~ 'repeat|20000' GROUP BY position),
    rounds AS (
        SELECT round, (SELECT string_agg(c.value, ', ' ORDER BY c.position) FROM c WHERE c.n = CASE c.position WHEN o.position THEN o.n ELSE least(sense, c.sensible) END) AS arguments
        FROM (SELECT position, n, row_number() OVER () AS round FROM c) AS o, generate_series(1, 2) AS sense
        UNION ALL
        SELECT round, (SELECT string_agg(c.value, ', ' ORDER BY c.position) FROM c JOIN counts USING (position)
            WHERE c.n = 1 + (hashint8(round * 100 + c.position) & 2147483647) % counts.count)
        FROM generate_series(1001, 1010) AS round
        UNION ALL
        SELECT 0, '' WHERE NOT EXISTS (SELECT FROM c))
    SELECT DISTINCT CASE m.kind
        WHEN 'p' THEN format('CALL %s(%s)', m.name, r.arguments)
        WHEN 'a' THEN format('SELECT (%s(%s))::text FROM generate_series(1, 2)', m.name, r.arguments)
        ELSE format('SELECT %s FROM %s(%s) AS result', CASE m.result WHEN 'void'::regtype THEN 'count(*)' WHEN 'trigger'::regtype THEN '*' ELSE 'result::text' END, m.name, r.arguments) END
    FROM m, rounds r
$$;
GRANT SELECT ON ALL TABLES IN SCHEMA hostile TO PUBLIC;
CREATE PROCEDURE try_all(function oid)
LANGUAGE plpgsql AS $$
DECLARE
    call text;
BEGIN
    FOR call IN SELECT hostile.calls(function) LOOP
        CALL hostile.try(call, function);
    END LOOP;
END
$$;


-- what reads a model, where a column of the catalogue has another relation
CREATE PROCEDURE try_forged("column" text, relation oid)
LANGUAGE plpgsql AS $$
DECLARE
    function oid;
    call text;
BEGIN
    BEGIN
        EXECUTE format('UPDATE segmentation.model SET %I = %L WHERE id = ''service''', "column", relation::regclass);
    EXCEPTION WHEN unique_violation OR undefined_table OR invalid_text_representation THEN
        RETURN;     -- that of another model, or a name that none can have
    END;
    FOR function, call IN
        SELECT m.oid, format('SELECT count(*) FROM %s(%s) AS result', m.name, string_agg(c.value, ', ' ORDER BY c.position))
        FROM hostile.member m JOIN hostile.choice c ON c.oid = m.oid AND c.n = 1
        WHERE 'model' = ANY (m.arguments[:cardinality(m.types)]) AND NOT 'internal'::regtype = ANY (m.types) GROUP BY m.oid, m.name
    LOOP
        CALL hostile.try(call, function);
    END LOOP;
    EXECUTE format('UPDATE segmentation.model m SET %1$I = o.%1$I FROM hostile.original o WHERE m.id OPERATOR(public.=) o.id', "column");
END
$$;

-- a function of triggers, with arguments of a lock and of none, at all times on all kinds of tables
CREATE PROCEDURE try_trigger(function oid)
LANGUAGE plpgsql AS $$
DECLARE
    trigger text;
    relation text;
BEGIN
    FOR trigger, relation IN
        SELECT format('CREATE TRIGGER hostile %s %s ON %s FOR EACH %s EXECUTE FUNCTION %s(%s)', timing, event, target, level, function::regproc, arguments), target
        FROM unnest('{BEFORE,AFTER,INSTEAD OF}'::text[]) AS timing, unnest('{INSERT,UPDATE,DELETE,TRUNCATE}'::text[]) AS event, unnest('{ROW,STATEMENT}'::text[]) AS level,
            unnest('{hostile.customer,hostile.buyer,hostile.partitioned,hostile.view,hostile.bare,pg_temp.own_temporary}'::text[]) AS target,
            unnest(ARRAY['', '''''', '''customers=hostile.dropped''', '''x=y''', '''customers=hostile.customer''',
                (SELECT string_agg(quote_literal(a), ', ') FROM unnest((SELECT segmentation_internal.lock_arguments(oid) FROM pg_trigger WHERE tgrelid = 'hostile.subscription'::regclass AND tgname = 'segmentation_lock_insert')) AS a)]) AS arguments
    LOOP
        CALL hostile.try(format('DO $do$ BEGIN %s; INSERT INTO %s SELECT 21; UPDATE %2$s SET id = id + 100; DELETE FROM %2$s; TRUNCATE %2$s CASCADE; END $do$', trigger, relation), function);
    END LOOP;
END
$$;
