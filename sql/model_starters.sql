-- first models in one call: what each starter makes of its columns, and what it refuses
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/model.sql'
\set ECHO none
\i :include
\set ECHO all
SET search_path = model_test, public;
SET TimeZone = 'Europe/Paris';
\set moment '2026-01-01 00:30 Europe/Paris'

-- an empty source: models that need no numbers of it are there, and fill at the next refresh
CREATE TABLE customer (id int PRIMARY KEY, score int, answered_at date, created_at date, last_active_at timestamptz);
SELECT * FROM segmentation.create_model_from('nps', 'customer', as_of => '2025-12-01 00:30 Europe/Paris');
SELECT segment, members, share FROM segmentation.create_model_from('lifecycle', 'customer', as_of => '2025-12-01');
SELECT id, kind, time_zone, key, objective FROM segmentation.model WHERE id = 'nps';
SELECT segment, title, rank, rule FROM segmentation.definition WHERE model = 'lifecycle' ORDER BY version;
INSERT INTO customer (id, score, answered_at, created_at, last_active_at) VALUES
    (1, 10, '2025-12-01', '2025-12-02', '2025-12-31'), (2, 8, '2024-12-31', '2025-12-01', '2025-12-02 00:30'),
    (3, 6, '2025-01-01', '2020-01-01', '2025-12-02 00:29'), (4, NULL, NULL, '2020-01-01', '2025-07-05 00:29'), (5, 9, NULL, '2020-01-01', '2025-07-05 01:30'),
    (6, 0, '2025-12-31', NULL, NULL), (7, NULL, '2025-12-31', '2026-05-05', NULL), (8, NULL, NULL, NULL, 'infinity'), (9, NULL, NULL, '-infinity', '-infinity');
SELECT rows_read FROM segmentation.refresh('lifecycle', :'moment');
SELECT segment, array_agg(id ORDER BY id) FROM lifecycle_member GROUP BY segment ORDER BY segment;
SELECT * FROM segmentation.verify('lifecycle');
SELECT rows_read FROM segmentation.refresh('nps', :'moment');
SELECT segment, array_agg(id ORDER BY id) FROM nps_member GROUP BY segment ORDER BY segment;

-- a score that was given long ago is none; the schema, prefix and name are as asked for
CREATE SCHEMA other;
SELECT segment, rule, members FROM segmentation.create_model_from('nps', 'customer', 'score', 'answered_at', name => 'Recent-NPS', days => '{365}',
    as_of => :'moment', schema => 'other', prefix => 'recent', time_zone => 'UTC');
SELECT segment, array_agg(id ORDER BY id) FROM other.recent_member GROUP BY segment ORDER BY segment;
SELECT time_zone, objective FROM segmentation.model WHERE id = 'recent-nps';
-- the rules are as any: each can be changed, with others between them
SELECT members FROM segmentation.define_segment('recent-nps', 'promoter', 'score = 10');
SELECT members FROM segmentation.define_segment('recent-nps', 'nearly', 'score = 9', rank => 25);
-- the setting of the session is what it was
SHOW TimeZone;

-- the class that an aggregate gives, a column of a view, a domain
CREATE DOMAIN points AS int CHECK (value >= 0);
CREATE VIEW answer AS SELECT id, nps_class(score) AS class, score::points AS "Points of it" FROM customer;
SELECT segment, rule, members FROM segmentation.create_model_from('nps', 'answer', 'class', key => '{id}', name => 'a');
SELECT segment, rule, members FROM segmentation.create_model_from('nps', 'answer', 'Points of it', key => '{id}', name => 'b');
-- what is no score
UPDATE customer SET score = 11 WHERE id = 1;
CALL refused($$ SELECT segmentation.create_model_from('nps', 'customer', name => 'c') $$);
UPDATE customer SET score = 10 WHERE id = 1;

-- revenue by a scale of tiers; what belongs to no tier is said
CREATE TABLE account (tenant int, id int, revenue currency_price, PRIMARY KEY (id, tenant));
INSERT INTO account VALUES (1, 1, '-5 EUR'), (1, 2, '0 EUR'), (1, 3, '999.99 EUR'), (1, 4, '1000 EUR'), (1, 5, '10000 EUR'), (1, 6, NULL), (2, 6, '250000 EUR');
SELECT * FROM segmentation.create_model_from('revenue', 'account', tiers => 'smb 0, mid 1000, key-account 10000.50 EUR', name => 'scale');
SELECT key, objective ~ '^revenue by revenue on a scale of tiers; by starter revenue as of ' AS said FROM segmentation.model WHERE id = 'scale';
-- by thirds of what is above zero: 999.99, 1000, 10000, 250000
SELECT * FROM segmentation.create_model_from('revenue', 'account');
-- a dollar later is neither much nor little, and seen
INSERT INTO account VALUES (3, 7, '1000000 USD');
SELECT rows_read, failed FROM segmentation.refresh('revenue');
SELECT segments FROM revenue_assignment WHERE id = 7;
SELECT rows_read, failed FROM segmentation.refresh('scale');
SELECT segments FROM scale_assignment WHERE id = 7;
-- and refused to begin with
CALL refused($$ SELECT segmentation.create_model_from('revenue', 'account', name => 'mixed') $$);
CALL refused($$ SELECT segmentation.create_model_from('revenue', 'account', tiers => 'smb 0 EUR', name => 'mixed') $$);
DELETE FROM account WHERE id < 7;
CALL refused($$ SELECT segmentation.create_model_from('revenue', 'account', tiers => 'smb 0 EUR', name => 'mixed') $$);
CALL refused($$ SELECT segmentation.create_model_from('revenue', 'account', tiers => 'smb 0, none 5 USD', name => 'x') $$);
-- one customer; nothing above zero; nothing at all
SELECT segment, rule, members FROM segmentation.create_model_from('revenue', 'account', name => 'one');
UPDATE account SET revenue = '0 USD';
CALL refused($$ SELECT segmentation.create_model_from('revenue', 'account', name => 'nothing') $$);
UPDATE account SET revenue = NULL;
CALL refused($$ SELECT segmentation.create_model_from('revenue', 'account', name => 'nothing') $$);
SELECT segment, members FROM segmentation.create_model_from('revenue', 'account', tiers => 'smb 0, mid 1000 USD', name => 'nothing');
DELETE FROM account;
CALL refused($$ SELECT segmentation.create_model_from('revenue', 'account', name => 'empty') $$);
SELECT segment, members, share FROM segmentation.create_model_from('revenue', 'account', tiers => 'smb 0 USD', name => 'empty');

-- numbers have no currency
CREATE TABLE plain (id int PRIMARY KEY, whole int, exact numeric, real real);
INSERT INTO plain SELECT i, i, i / 4.0, i / 4.0 FROM generate_series(1, 8) i;
SELECT segment, rule, members FROM segmentation.create_model_from('revenue', 'plain', 'whole', name => 'whole');
SELECT segment, rule, members FROM segmentation.create_model_from('revenue', 'plain', 'exact', name => 'exact');
SELECT segment, rule, members FROM segmentation.create_model_from('revenue', 'plain', 'real', name => 'real');
CALL refused($$ SELECT segmentation.create_model_from('revenue', 'plain', 'whole', tiers => 'smb 0 EUR', name => 'x') $$);
INSERT INTO plain VALUES (9, 1, 'NaN', 'Infinity');
SELECT members FROM segmentation.create_model_from('revenue', 'plain', 'exact', name => 'exact-odd') WHERE segment = 'unscored';
SELECT members FROM segmentation.create_model_from('revenue', 'plain', 'real', name => 'real-odd') WHERE segment = 'unscored';

-- what is wrong with arguments
CALL refused($$ SELECT segmentation.create_model_from('churn', 'customer') $$);
CALL refused($$ SELECT segmentation.create_model_from(NULL, 'customer') $$);
CALL refused($$ SELECT segmentation.create_model_from('nps', NULL) $$);
CALL refused($$ SELECT segmentation.create_model_from('nps', 'customer') $$);
CALL refused($$ SELECT segmentation.create_model_from('nps', 'customer', name => 'no good') $$);
CALL refused($$ SELECT segmentation.create_model_from('nps', 'answer', 'class', name => 'x') $$);
CALL refused($$ SELECT segmentation.create_model_from('nps', 'customer', 'points', name => 'x') $$);
CALL refused($$ SELECT segmentation.create_model_from('nps', 'customer', 'created_at', name => 'x') $$);
CALL refused($$ SELECT segmentation.create_model_from('nps', 'customer', 'score', 'id', name => 'x') $$);
CALL refused($$ SELECT segmentation.create_model_from('nps', 'customer', 'score', 'answered_at', 'id', name => 'x') $$);
CALL refused($$ SELECT segmentation.create_model_from('nps', 'customer', name => 'x', days => '{30}') $$);
CALL refused($$ SELECT segmentation.create_model_from('nps', 'customer', 'score', 'answered_at', name => 'x', days => '{30,60}') $$);
CALL refused($$ SELECT segmentation.create_model_from('lifecycle', 'customer', name => 'x', days => '{30,30,NULL,180}') $$);
CALL refused($$ SELECT segmentation.create_model_from('lifecycle', 'customer', name => 'x', days => '{30,90,30,180}') $$);
CALL refused($$ SELECT segmentation.create_model_from('lifecycle', 'customer', name => 'x', days => '{30,30,90,99999999}') $$);
CALL refused($$ SELECT segmentation.create_model_from('rfm', 'customer', name => 'x', days => '{30}') $$);
CALL refused($$ SELECT segmentation.create_model_from('nps', 'customer', name => 'x', tiers => 'smb 0 EUR') $$);
CALL refused($$ SELECT segmentation.create_model_from('nps', 'customer', name => 'x', time_zone => 'Europe/Nowhere') $$);
CALL refused($$ SELECT segmentation.create_model_from('nps', 'customer', name => 'x', key => '{score}') $$);
SELECT count(*) FROM segmentation.model WHERE id IN ('x', 'c', 'mixed');

-- other times, and other numbers of days
CREATE TABLE visit (id int PRIMARY KEY, first timestamp, last date);
INSERT INTO visit VALUES (1, '2025-12-25 00:30', '2020-01-01'), (2, '2025-12-25 00:29', '2025-12-18'), (3, '2020-01-01', '2025-12-17'), (4, '2020-01-01', '2025-01-01');
SELECT segment, rule, members FROM segmentation.create_model_from('lifecycle', 'visit', 'first', 'last', name => 'visitors', days => '{7,14,15,30}', as_of => :'moment');

-- not refreshed where that is not wanted; by whom it is made, it belongs to
SET client_min_messages = warning;
DROP ROLE IF EXISTS regress_starter;
RESET client_min_messages;
CREATE ROLE regress_starter;
GRANT CREATE, USAGE ON SCHEMA model_test TO regress_starter;
SET ROLE regress_starter;
CALL refused($$ SELECT segmentation.create_model_from('nps', 'customer', name => 'own') $$);
RESET ROLE;
GRANT SELECT (id, score) ON customer TO regress_starter;
SET ROLE regress_starter;
SELECT segment, members, share FROM segmentation.create_model_from('nps', 'customer', name => 'own', refresh => false);
SELECT count(*) FROM own_assignment;
SELECT relowner::regrole FROM pg_class WHERE oid = 'own_assignment'::regclass;
RESET ROLE;
-- who may see only some of the customers is told so
ALTER TABLE customer ENABLE ROW LEVEL SECURITY;
CREATE POLICY half ON customer USING (id > 5);
SET ROLE regress_starter;
CALL refused($$ SELECT segmentation.create_model_from('nps', 'customer', name => 'half', refresh => false) $$);
RESET ROLE;

SET client_min_messages = warning;
SELECT count(segmentation.drop_model(id::text)) FROM segmentation.model WHERE id <> 'market';
DROP SCHEMA model_test, other CASCADE;
DROP ROLE regress_starter;
