-- Row security on what a model has stored holds in its views too.
\set SHOW_CONTEXT never
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/refusal.sql'
\set ECHO none
\i :include
\set ECHO all

CREATE ROLE regress_tenant;
CREATE ROLE regress_model_owner;
CREATE ROLE regress_source_owner;
CREATE SCHEMA shop;
GRANT USAGE, CREATE ON SCHEMA shop TO regress_model_owner, regress_source_owner;
GRANT USAGE ON SCHEMA shop TO regress_tenant;
SET search_path = shop, public;
SET SESSION AUTHORIZATION regress_model_owner;
CREATE TABLE customer (tenant int, id int, v int, PRIMARY KEY (tenant, id));
INSERT INTO customer VALUES (1, 1, 5), (2, 2, 5);
SELECT segmentation.create_model('m', 'customer', '{tenant,id}', time_zone => 'UTC');
SELECT members FROM segmentation.define_segment('m', 'five', 'v = 5');
SELECT appeared FROM segmentation.refresh('m');
UPDATE customer SET v = 6;
SELECT changed FROM segmentation.refresh('m');
UPDATE customer SET v = 5;
SELECT changed FROM segmentation.refresh('m');
ALTER TABLE m_assignment ENABLE ROW LEVEL SECURITY;
ALTER TABLE m_history ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON m_assignment USING (tenant = current_setting('app.tenant')::int);
CREATE POLICY own_tenant ON m_history USING (tenant = current_setting('app.tenant')::int);
GRANT SELECT ON m_member, m_stay TO regress_tenant;
RESET SESSION AUTHORIZATION;

-- all views of the extension's models, so that the next one is not forgotten
SELECT c.relname, c.reloptions FROM pg_class c WHERE relnamespace = 'shop'::regnamespace AND relkind = 'v' ORDER BY 1;

-- a grant on the views is not enough
SET SESSION AUTHORIZATION regress_tenant;
SET app.tenant = 1;
SELECT message FROM pg_temp.refusal('SELECT FROM m_member');
SELECT message FROM pg_temp.refusal('SELECT FROM m_stay');
RESET SESSION AUTHORIZATION;
GRANT SELECT ON m_assignment, m_history TO regress_tenant;
SET SESSION AUTHORIZATION regress_tenant;
SELECT tenant, id, segment FROM m_member;
SELECT tenant, id, segment, left_at IS NULL AS is_in FROM m_stay ORDER BY entered_at;
SELECT tenant, id, segments FROM m_at(now());
SET app.tenant = 2;
SELECT tenant, id, segment FROM m_member;
SELECT tenant, id FROM m_at(now());
RESET SESSION AUTHORIZATION;
-- What a function answers from rows that a policy hides it refuses: each that takes a model, so that the next one is not forgotten.
BEGIN;
GRANT SELECT ON customer, m_override TO regress_tenant;
ALTER TABLE m_override ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON m_override USING (tenant = current_setting('app.tenant')::int);
SET LOCAL SESSION AUTHORIZATION regress_tenant;
SELECT p.proname, r.state, r.message
  FROM pg_proc p,
       LATERAL (SELECT string_agg(format('%s%I => %L', CASE WHEN p.provariadic <> 0 AND n = p.pronargs THEN 'VARIADIC ' END, name, value), ', ' ORDER BY n)
                  FROM unnest(p.proargnames[1:p.pronargs - p.pronargdefaults]) WITH ORDINALITY AS a (name, n)
                       LEFT JOIN (VALUES ('model', 'm'), ('key', '{1,1}'), ('row', '{"v": 5}'), ('rule', 'true'), ('segment', 'five'), ('before', '2020-01-01'),
                                         ('source', 'shop.customer'), ('title', 'Five'), ('role', 'regress_tenant')) AS v (argument, value) ON argument = name) AS c (arguments),
       pg_temp.refusal(format('SELECT * FROM segmentation.%I(%s)', p.proname, c.arguments)) AS r
 WHERE p.pronamespace = 'segmentation'::regnamespace AND p.proargnames[1] = 'model' AND p.prokind = 'f' ORDER BY 1;
ROLLBACK;

-- Views of a model that is older than this are changed by the next alter_model,
-- those whose owner has said otherwise are not.
SET SESSION AUTHORIZATION regress_model_owner;
ALTER VIEW m_member RESET (security_invoker);
ALTER VIEW m_stay SET (security_invoker = false);
SELECT segmentation.alter_model('m');
SELECT segmentation.alter_model('m');
SELECT c.relname, c.reloptions FROM pg_class c WHERE relnamespace = 'shop'::regnamespace AND relkind = 'v' ORDER BY 1;
ALTER VIEW m_stay SET (security_invoker);
SELECT segmentation.alter_model('m', rename => 'n');
SELECT c.relname, c.reloptions FROM pg_class c WHERE relnamespace = 'shop'::regnamespace AND relkind = 'v' ORDER BY 1;

-- Forced for the owner it would hide customers from a refresh.
CREATE FUNCTION force(relation text) RETURNS TABLE (relation_name text, call text, state text, message text, detail text, hint text) LANGUAGE plpgsql AS $$
DECLARE
    answer record;
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', relation);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', relation);
    FOREACH call IN ARRAY ARRAY['refresh(''n'')', 'classify(''n'', ''1'', ''1'')', 'verify(''n'')', 'forget_customer(''n'', ''3'', ''3'')'] LOOP
        answer := pg_temp.refusal('SELECT segmentation.' || call);
        relation_name := relation; state := answer.state; message := answer.message; detail := answer.detail; hint := answer.hint;
        RETURN NEXT;
        IF call LIKE 'refresh%' AND hint LIKE '%: ALTER TABLE %;' THEN
            EXECUTE substring(hint FROM 'ALTER TABLE .*;');
            PERFORM segmentation.refresh('n');
            EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', relation);
        END IF;
    END LOOP;
    EXECUTE format('ALTER TABLE %s NO FORCE ROW LEVEL SECURITY', relation);
END $$;
\x on
SELECT f.* FROM unnest('{customer,m_assignment,m_history,m_override}'::text[]) r, force(r) f;
\x off
RESET SESSION AUTHORIZATION;

-- So would that of a table of others, be it the source or under a view.
GRANT regress_source_owner TO regress_model_owner;
ALTER TABLE customer OWNER TO regress_source_owner;
ALTER TABLE customer ENABLE ROW LEVEL SECURITY;
REVOKE regress_source_owner FROM regress_model_owner;
GRANT SELECT ON customer TO regress_model_owner;
SET SESSION AUTHORIZATION regress_model_owner;
CREATE VIEW profile AS SELECT * FROM customer;
\x on
SELECT * FROM pg_temp.refusal($$ SELECT segmentation.refresh('n') $$);
SELECT segmentation.alter_model('n', source => 'profile');
SELECT * FROM pg_temp.refusal($$ SELECT segmentation.refresh('n') $$);
\x off
SELECT segmentation.drop_model('n');
RESET SESSION AUTHORIZATION;

RESET search_path;
SET client_min_messages = warning;
DROP SCHEMA shop CASCADE;
DROP ROLE regress_tenant, regress_model_owner, regress_source_owner;
