-- check_market: each finding of a market that has just that flaw
CREATE FUNCTION pg_temp.sound_market(id text, country text, language text DEFAULT 'en') RETURNS void LANGUAGE sql AS $$
    INSERT INTO segmentation.market (id, currency, countries, default_language, business) VALUES (id::segment_id, 'EUR', ARRAY[country], language, 'shop');
    INSERT INTO segmentation.offer (market, code, price, billing_period) VALUES (id::segment_id, 'team', '9.90 EUR', '1 month');
    INSERT INTO segmentation.offer_text (market, offer, language, title) VALUES (id::segment_id, 'team', language, 'Team');
$$;
SELECT pg_temp.sound_market('sound', 'FR');
SELECT * FROM segmentation.check_market('sound');

\x on
BEGIN;
UPDATE segmentation.market SET countries = '{}' WHERE id = 'sound';
SELECT * FROM segmentation.check_market('sound');
ROLLBACK;
BEGIN;
DELETE FROM segmentation.offer WHERE market = 'sound';
SELECT * FROM segmentation.check_market('sound');
ROLLBACK;
-- what is no longer sold counts as nothing, what will be sold does
BEGIN;
UPDATE segmentation.offer SET available = daterange(NULL, '2000-01-01') WHERE market = 'sound';
SELECT code, severity FROM segmentation.check_market('sound');
UPDATE segmentation.offer SET available = daterange('2999-01-01', NULL) WHERE market = 'sound';
SELECT code, severity FROM segmentation.check_market('sound');
ROLLBACK;
BEGIN;
UPDATE segmentation.offer SET price = NULL WHERE market = 'sound';
SELECT * FROM segmentation.check_market('sound');
ROLLBACK;
BEGIN;
DELETE FROM segmentation.offer_text WHERE market = 'sound';
SELECT * FROM segmentation.check_market('sound');
ROLLBACK;
BEGIN;
UPDATE segmentation.offer SET promotional = true, available = daterange('2000-01-01', '2999-01-01') WHERE market = 'sound';
SELECT * FROM segmentation.check_market('sound');
ROLLBACK;
-- a language of another market of the business
BEGIN;
SELECT pg_temp.sound_market('german', 'DE');
INSERT INTO segmentation.offer_text (market, offer, language, title) VALUES ('german', 'team', 'de', 'Gruppe');
SELECT * FROM segmentation.check_market('sound');
SELECT * FROM segmentation.check_market('german');
ROLLBACK;
-- another one that differs by nothing but language, and one that is beside it
BEGIN;
SELECT pg_temp.sound_market('french', 'FR', 'fr');
SELECT * FROM segmentation.check_market('french') WHERE code <> 'language-missing';
UPDATE segmentation.offer SET price = '8.90 EUR' WHERE market = 'french';
SELECT * FROM segmentation.check_market('french') WHERE code <> 'language-missing';
UPDATE segmentation.market SET channel = 'sales' WHERE id = 'french';
SELECT code FROM segmentation.check_market('french') WHERE code <> 'language-missing';
ROLLBACK;
BEGIN;
SELECT pg_temp.sound_market('one', 'DE'), pg_temp.sound_market('two', 'IT');
UPDATE segmentation.market SET business = 'insurance' WHERE id = 'sound';
SELECT * FROM segmentation.check_market('sound');
ROLLBACK;
-- what there are dozens of is one finding, which names ten
BEGIN;
SELECT count(pg_temp.sound_market('m' || to_char(i, 'FM00'), 'FR')) FROM generate_series(1, 12) i;
INSERT INTO segmentation.offer (market, code) SELECT 'sound', 'o' || to_char(i, 'FM00') FROM generate_series(1, 12) i;
INSERT INTO segmentation.offer_text (market, offer, language, title) SELECT 'm01', 'team', language, 'Team'
FROM unnest('{bg,cs,da,de,el,es,et,fi,fr,ga,hr,hu}'::text[]) language;
SELECT * FROM segmentation.check_market('sound');
SELECT segmentation.activate_market('sound');
ROLLBACK;
-- a currency that is withdrawn: told, also when the market goes live
BEGIN;
SELECT pg_temp.sound_market('sofia', 'BG');
DELETE FROM segmentation.offer WHERE market = 'sofia';
UPDATE segmentation.market SET currency = 'BGN' WHERE id = 'sofia';
INSERT INTO segmentation.offer (market, code, price, billing_period) VALUES ('sofia', 'team', '19.90 BGN', '1 month');
INSERT INTO segmentation.offer_text (market, offer, language, title) VALUES ('sofia', 'team', 'en', 'Team');
SELECT * FROM segmentation.check_market('sofia');
SELECT id, status FROM segmentation.activate_market('sofia');
ROLLBACK;
-- a retired market is compared with no more
BEGIN;
SELECT pg_temp.sound_market('gone', 'FR');
SELECT code FROM segmentation.check_market('sound');
UPDATE segmentation.market SET status = 'retired' WHERE id = 'gone';
SELECT code FROM segmentation.check_market('sound');
ROLLBACK;
\x off
SELECT * FROM segmentation.check_market('nowhere');
SELECT * FROM segmentation.check_market(NULL);

-- warnings do not keep a market from going live
BEGIN;
SELECT pg_temp.sound_market('beside', 'FR');
SELECT id, status FROM segmentation.activate_market('beside');
ROLLBACK;
DELETE FROM segmentation.offer;
DELETE FROM segmentation.market;
DELETE FROM segmentation.model;
