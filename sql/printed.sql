-- What the extension, its models and its locks are made of can be printed and made again:
-- pg_dump and pg_upgrade print under an empty search_path, and what was printed is read anew.
\set VERBOSITY default
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE SCHEMA regress_printed;
SET search_path = regress_printed, public;

-- models of every kind, by keys of our own types, and locks of every kind
CREATE TABLE customer (shop segment_id, id int, segment segment_id, market segment_id, paid currency_price, PRIMARY KEY (shop, id));
CREATE TABLE subscription (shop segment_id, customer int, n int, segment segment_id, price currency_price, status text,
    PRIMARY KEY (shop, customer, n), FOREIGN KEY (shop, customer) REFERENCES customer);
CREATE TABLE parted (LIKE subscription, FOREIGN KEY (shop, customer) REFERENCES customer) PARTITION BY HASH (shop);
CREATE TABLE parted_0 PARTITION OF parted FOR VALUES WITH (MODULUS 1, REMAINDER 0);
CREATE TABLE account (id currency_price PRIMARY KEY, market segment_id);
CREATE TABLE contract (account currency_price REFERENCES account DEFERRABLE, market segment_id, offer text, price currency_price,
    FOREIGN KEY (market, offer) REFERENCES segmentation.offer);
SELECT segmentation.install_lock('customer', 'subscription', subscription_segment => 'segment',
    locks_when => $$ status <> 'draft' AND sign(price) > 0 $$, running_when => $$ price > '1 EUR' AND segment <> 'none' $$) \g (tuples_only) /dev/null
SELECT segmentation.install_lock('customer', 'parted', subscription_segment => 'segment', running_when => $$ price > '1 EUR' $$) \g (tuples_only) /dev/null
SELECT segmentation.install_lock('account', 'contract', customer_segment => 'market', offers => 'segmentation.offer',
    subscription_price => 'price', markets => true, running_when => $$ price *>* '1 EUR' $$) \g (tuples_only) /dev/null
SELECT segmentation.create_model('printed-' || kind, 'customer', '{shop,id}', kind, prefix => kind,
    segment_column => CASE kind WHEN 'column' THEN 'market' END)
FROM unnest('{overlapping,exclusive,column}'::text[]) AS kind \g (tuples_only) /dev/null
SELECT FROM segmentation.define_segment('printed-overlapping', 'large', $$ paid > '100 EUR' AND shop <> 'test' $$);
SELECT segmentation.create_model('printed-account', 'account', '{id}') \g (tuples_only) /dev/null

-- runs statements, whose objects do not stay; NULL where none fails and the last prints what is expected
CREATE FUNCTION pg_temp.failure(statements text[], expected text) RETURNS text
LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE
    statement text;
    printed text;
    failed text;
BEGIN
    FOREACH statement IN ARRAY statements LOOP
        IF statement OPERATOR(pg_catalog.~) '^SELECT' THEN
            EXECUTE statement INTO printed;
        ELSE
            EXECUTE statement;
        END IF;
    END LOOP;
    RAISE EXCEPTION USING ERRCODE = 'P0TST', MESSAGE = printed;
EXCEPTION
    WHEN SQLSTATE 'P0TST' THEN
        RETURN CASE WHEN SQLERRM OPERATOR(pg_catalog.<>) expected THEN pg_catalog.format('prints %s instead of %s', SQLERRM, expected) END;
    WHEN OTHERS THEN
        RETURN pg_catalog.format('%s: %s', SQLERRM, statement);
END
$$;

-- a query's text without the names of its columns and parentheses, which come and go
CREATE FUNCTION pg_temp.without_names(definition text) RETURNS text
    RETURN pg_catalog.regexp_replace(definition, ' AS [a-z_"?]+|[()]', '', 'g');

-- tables that have what is printed: a copy of the table under the same name
CREATE FUNCTION pg_temp.copy_of(relation regclass) RETURNS text[]
LANGUAGE sql SET search_path = '' AS $$
    SELECT ARRAY[pg_catalog.format('CREATE TEMP TABLE %I (LIKE %s INCLUDING GENERATED)', relname, oid::pg_catalog.regclass)]
    FROM pg_catalog.pg_class WHERE oid OPERATOR(pg_catalog.=) relation
$$;
CREATE FUNCTION pg_temp.on_copy(definition text, relation regclass) RETURNS text
LANGUAGE sql SET search_path = '' AS $$
    SELECT pg_catalog.replace(definition, pg_catalog.concat(' ON ', relation), pg_catalog.format(' ON pg_temp.%I', relname))
    FROM pg_catalog.pg_class WHERE oid OPERATOR(pg_catalog.=) relation
$$;

-- every object of this database that is not the server's, and how it is made again
CREATE FUNCTION pg_temp.printed() RETURNS TABLE (kind text, object text, statements text[], expected text)
LANGUAGE sql SET search_path = '' AS $$
    WITH relation AS (
        SELECT c.oid, c.relname, c.relkind, c.oid::pg_catalog.regclass AS name
        FROM pg_catalog.pg_class c
        JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
        WHERE n.nspname OPERATOR(pg_catalog.!~) '^(pg_|information_schema$)' AND c.relkind IN ('r', 'p', 'v', 'm')
    )
    SELECT 'view', name::text,
        ARRAY[pg_catalog.format('CREATE TEMP VIEW %I AS %s', relname, pg_catalog.pg_get_viewdef(oid)),
              pg_catalog.format('SELECT pg_temp.without_names(pg_catalog.pg_get_viewdef(''pg_temp.%I''::pg_catalog.regclass))', relname)],
        pg_temp.without_names(pg_catalog.pg_get_viewdef(oid))
    FROM relation WHERE relkind IN ('v', 'm')
    UNION ALL
    SELECT 'check', pg_catalog.format('%s on %s', conname, name),
        pg_temp.copy_of(oid) OPERATOR(pg_catalog.||) ARRAY[pg_catalog.format('ALTER TABLE pg_temp.%I ADD CONSTRAINT again %s', relname, definition),
            'SELECT pg_catalog.pg_get_constraintdef(oid) FROM pg_catalog.pg_constraint WHERE conname OPERATOR(pg_catalog.=) ''again'''], definition
    FROM relation, LATERAL (SELECT conname, pg_catalog.pg_get_constraintdef(c.oid) AS definition FROM pg_catalog.pg_constraint c
                            WHERE c.conrelid OPERATOR(pg_catalog.=) relation.oid AND c.contype OPERATOR(pg_catalog.=) 'c') AS c
    UNION ALL
    SELECT 'check of a domain', pg_catalog.format('%s on %s', conname, contypid::pg_catalog.regtype),
        ARRAY[pg_catalog.format('CREATE DOMAIN pg_temp.d AS %s CONSTRAINT again %s', pg_catalog.format_type(t.typbasetype, t.typtypmod), definition),
            'SELECT pg_catalog.pg_get_constraintdef(oid) FROM pg_catalog.pg_constraint WHERE conname OPERATOR(pg_catalog.=) ''again'''], definition
    FROM (SELECT conname, contypid, pg_catalog.pg_get_constraintdef(c.oid) AS definition FROM pg_catalog.pg_constraint c) AS c
    JOIN pg_catalog.pg_type t ON t.oid OPERATOR(pg_catalog.=) c.contypid AND t.oid OPERATOR(pg_catalog.>=) 16384::pg_catalog.oid
    UNION ALL
    SELECT CASE generated WHEN '' THEN 'default' ELSE 'generated column' END, pg_catalog.format('%s of %s', attname, name),
        pg_temp.copy_of(oid) OPERATOR(pg_catalog.||) ARRAY[pg_catalog.format(CASE generated WHEN '' THEN 'ALTER TABLE pg_temp.%I ADD again %s DEFAULT %s'
                                      ELSE 'ALTER TABLE pg_temp.%I ADD again %s GENERATED ALWAYS AS (%s) STORED' END, relname, type, definition),
            pg_catalog.format('SELECT pg_catalog.pg_get_expr(d.adbin, d.adrelid) FROM pg_catalog.pg_attrdef d JOIN pg_catalog.pg_attribute a
                ON a.attrelid OPERATOR(pg_catalog.=) d.adrelid AND a.attnum OPERATOR(pg_catalog.=) d.adnum
                WHERE d.adrelid OPERATOR(pg_catalog.=) ''pg_temp.%I''::pg_catalog.regclass AND a.attname OPERATOR(pg_catalog.=) ''again''', relname)], definition
    FROM relation, LATERAL (SELECT attname, pg_catalog.format_type(atttypid, atttypmod) AS type, attgenerated AS generated,
                                pg_catalog.pg_get_expr(adbin, adrelid) AS definition
                            FROM pg_catalog.pg_attrdef d JOIN pg_catalog.pg_attribute a ON attrelid OPERATOR(pg_catalog.=) adrelid AND attnum OPERATOR(pg_catalog.=) adnum
                            WHERE adrelid OPERATOR(pg_catalog.=) relation.oid) AS d
    UNION ALL
    SELECT 'trigger', pg_catalog.format('%s on %s', tgname, name),
        pg_temp.copy_of(oid) OPERATOR(pg_catalog.||) ARRAY[pg_temp.on_copy(definition, oid),
            pg_catalog.format('SELECT pg_catalog.pg_get_triggerdef(oid) FROM pg_catalog.pg_trigger WHERE tgrelid OPERATOR(pg_catalog.=) ''pg_temp.%I''::pg_catalog.regclass', relname)],
        pg_temp.on_copy(definition, oid)
    FROM relation, LATERAL (SELECT tgname, pg_catalog.pg_get_triggerdef(t.oid) AS definition FROM pg_catalog.pg_trigger t
                            WHERE tgrelid OPERATOR(pg_catalog.=) relation.oid AND NOT tgisinternal AND tgparentid OPERATOR(pg_catalog.=) 0::pg_catalog.oid) AS t
    UNION ALL
    SELECT 'index', index::text,
        pg_temp.copy_of(oid) OPERATOR(pg_catalog.||) ARRAY[pg_temp.on_copy(pg_catalog.replace(definition, ' ON ONLY ', ' ON '), oid),
            pg_catalog.format('SELECT pg_catalog.pg_get_indexdef(indexrelid) FROM pg_catalog.pg_index WHERE indrelid OPERATOR(pg_catalog.=) ''pg_temp.%I''::pg_catalog.regclass', relname)],
        pg_temp.on_copy(pg_catalog.replace(definition, ' ON ONLY ', ' ON '), oid)
    FROM relation, LATERAL (SELECT indexrelid::pg_catalog.regclass AS index, pg_catalog.pg_get_indexdef(indexrelid) AS definition
                            FROM pg_catalog.pg_index WHERE indrelid OPERATOR(pg_catalog.=) relation.oid) AS i
    UNION ALL
    SELECT 'policy', pg_catalog.format('%s on %s', polname, name),
        pg_temp.copy_of(oid) OPERATOR(pg_catalog.||) ARRAY[pg_catalog.concat(pg_catalog.format('CREATE POLICY again ON pg_temp.%I', relname),
                ' USING (' OPERATOR(pg_catalog.||) qual OPERATOR(pg_catalog.||) ')', ' WITH CHECK (' OPERATOR(pg_catalog.||) with_check OPERATOR(pg_catalog.||) ')'),
            'SELECT pg_catalog.concat(pg_catalog.pg_get_expr(polqual, polrelid), pg_catalog.pg_get_expr(polwithcheck, polrelid)) FROM pg_catalog.pg_policy
                WHERE polname OPERATOR(pg_catalog.=) ''again'''], pg_catalog.concat(qual, with_check)
    FROM relation, LATERAL (SELECT polname, pg_catalog.pg_get_expr(polqual, polrelid) AS qual, pg_catalog.pg_get_expr(polwithcheck, polrelid) AS with_check
                            FROM pg_catalog.pg_policy WHERE polrelid OPERATOR(pg_catalog.=) relation.oid) AS p
    UNION ALL
    SELECT CASE WHEN p.prosqlbody IS NULL THEN 'function' ELSE 'body in SQL' END, p.oid::pg_catalog.regprocedure::text,
        ARRAY[pg_catalog.pg_get_functiondef(p.oid), pg_catalog.format('SELECT pg_temp.without_names(pg_catalog.pg_get_functiondef(%s))', p.oid)],
        pg_temp.without_names(pg_catalog.pg_get_functiondef(p.oid))
    FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) p.pronamespace
    WHERE n.nspname OPERATOR(pg_catalog.!~) '^(pg_|information_schema$)' AND p.prokind OPERATOR(pg_catalog.<>) 'a'
$$;

-- what was looked at, and what could not be made again: nothing
CREATE TEMP TABLE outcome AS SELECT kind, object, pg_temp.failure(statements, expected) AS failure FROM pg_temp.printed();
SELECT kind, count(*) >= least_number AS enough
FROM (VALUES ('view', 9), ('check', 30), ('default', 20), ('trigger', 20), ('index', 30), ('body in SQL', 4), ('function', 200)) AS k(kind, least_number)
LEFT JOIN outcome USING (kind)
GROUP BY kind, least_number ORDER BY kind;
SELECT kind, object, left(failure, 300) AS failure FROM outcome WHERE failure IS NOT NULL ORDER BY kind, object;

-- rules and actions beside views: none that this test would not know
SELECT rulename, ev_class::regclass FROM pg_rewrite WHERE rulename <> '_RETURN' AND ev_class::regclass::text !~ '^pg_';

-- and it finds what it looks for, of each kind
CREATE TABLE lost (a segment_id, b segment_id, CONSTRAINT lost_check CHECK (a IS DISTINCT FROM b),
    d boolean DEFAULT 'a'::segment_id IS DISTINCT FROM 'b', g segment_id GENERATED ALWAYS AS (nullif(a, b)) STORED);
CREATE INDEX lost_index ON lost (nullif(a, b));
CREATE DOMAIN lost_domain AS segment_id CONSTRAINT lost_value CHECK (VALUE IS DISTINCT FROM 'a');
CREATE FUNCTION lost_body(a segment_id, b segment_id) RETURNS boolean RETURN a IS DISTINCT FROM b;
CREATE VIEW lost_view AS SELECT FROM lost WHERE (d, a) < (d, b);
CREATE FUNCTION lost_trigger() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER lost BEFORE UPDATE ON lost FOR EACH ROW WHEN (OLD.a IS DISTINCT FROM NEW.a) EXECUTE FUNCTION lost_trigger();
CREATE POLICY lost_policy ON lost USING (a IS DISTINCT FROM b);
SELECT kind, object FROM pg_temp.printed() WHERE object ~ 'lost' AND pg_temp.failure(statements, expected) ~ 'operator does not exist' ORDER BY kind, object;

SELECT segmentation.remove_lock('customer'), segmentation.remove_lock('account') \g (tuples_only) /dev/null
SELECT segmentation.drop_model(id::text) FROM segmentation.model WHERE id::text LIKE 'printed-%' ORDER BY id \g (tuples_only) /dev/null
DROP SCHEMA regress_printed CASCADE;
