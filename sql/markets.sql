-- markets: segments that sell, with their own offers, prices and currency
\set VERBOSITY terse
CREATE FUNCTION pg_temp.refusal(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    state text; message text; detail text; hint text;
BEGIN
    EXECUTE statement;
    RETURN 'accepted';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT,
        detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    RETURN state || ': ' || message
        || CASE WHEN detail <> '' AND detail NOT LIKE 'Failing row%' THEN E'\n  ' || detail ELSE '' END
        || CASE WHEN hint <> '' THEN E'\n  ' || hint ELSE '' END;
END
$$;

-- the first market brings the model, every market its segment
SELECT count(*) FROM segmentation.model;
SELECT id, currency, countries, status FROM segmentation.create_market('FR', 'EUR', '{FR,MC}', default_language => 'fr', title => 'France');
INSERT INTO segmentation.market (id, currency, countries) VALUES ('us', 'USD', '{US}');
SELECT id, kind, source FROM segmentation.model;
SELECT model, id FROM segmentation.segment ORDER BY id;
SELECT segment, language, title FROM segmentation.segment_text;

INSERT INTO segmentation.offer (market, code, price, free, billing_period, kind) VALUES
    ('fr', 'free', NULL, true, NULL, 'all-inclusive'),
    ('fr', 'team', '9.90 EUR', false, '1 month', 'base'),
    ('fr', 'scale', '99 EUR', false, '1 month', 'base'),
    ('fr', 'storage', '1.05 EUR', false, '1 month', 'add-on');
INSERT INTO segmentation.offer_text (market, offer, language, title, description) VALUES
    ('fr', 'free', 'fr', 'Gratuit', NULL), ('fr', 'free', 'en', 'Free', NULL),
    ('fr', 'team', 'fr', 'Équipe', 'pour dix'), ('fr', 'team', 'en', 'Team', 'for ten'),
    ('fr', 'scale', 'fr', 'Croissance', NULL), ('fr', 'storage', 'fr', 'Stockage', NULL);

-- the same offers at the same figures in another currency
SELECT id, currency, countries, status, default_language FROM segmentation.clone_market('fr', 'ch', 'CHF');
-- and converted by a rate, rounded to what the currency has
SELECT id, currency FROM segmentation.clone_market('fr', 'jp', 'JPY', rate => 162.37);
SELECT market, code, price, free, billing_period, kind FROM segmentation.offer WHERE market IN ('ch', 'jp') ORDER BY market, code;
-- once, from the exact product: 0.13499999999999999996 and 0.125 are 0.13 and 0.12
SELECT segmentation_internal.market_price('9.99 EUR', 'USD', 0.01351351351351351351), segmentation_internal.market_price('0.25 EUR', 'USD', 0.5),
    segmentation_internal.market_price('0.75 EUR', 'USD', 0.5), segmentation_internal.market_price('999999999999999999 EUR', 'USD', 0.999999999999999999);
SELECT segmentation_internal.market_price('999999999999999999 EUR', 'USD', 1.1);
SELECT market, offer, language, title, description FROM segmentation.offer_text WHERE market = 'jp' ORDER BY offer, language;
SELECT segment, language, title FROM segmentation.segment_text ORDER BY segment;

-- other countries with other offers: a higher price after a free offer, or none that is free and an adjusted price
SELECT id FROM segmentation.create_market('in', 'INR', '{IN}');
SELECT id FROM segmentation.create_market('br', 'BRL', '{BR}');
INSERT INTO segmentation.offer (market, code, price, free, billing_period) VALUES
    ('in', 'free', NULL, true, NULL), ('in', 'team', '990 INR', false, '1 month'),
    ('br', 'team', '29 BRL', false, '1 month');
-- direct customers, and those of a reseller
SELECT id, customer_type, partner FROM segmentation.create_market('fr-telco', 'EUR', '{FR}', customer_type => 'reseller', partner => 'Telco SA');
-- key accounts with a sales representative, and an offer for one of them only
SELECT id, customer_type, channel, sales_representative FROM segmentation.create_market('fr-key', 'EUR', '{FR}',
    customer_type => 'key-account', channel => 'sales', sales_representative => 'Anne Roy');
INSERT INTO segmentation.offer (market, code, price, billing_period, customer) VALUES ('fr-key', 'acme', '12000 EUR', '1 year', '{42}');
-- another service level, and a product for another sector
SELECT id, service_level FROM segmentation.create_market('fr-gold', 'EUR', '{FR}', service_level => 'gold');
SELECT id, product, sector FROM segmentation.create_market('fr-care', 'EUR', '{FR}', product => 'care', sector => 'hospitals');

-- from draft to retired
SELECT id, status FROM segmentation.activate_market('fr');
SELECT pg_temp.refusal($$SELECT segmentation.activate_market('fr')$$);
SELECT id, status FROM segmentation.suspend_market('fr');
SELECT id, status FROM segmentation.activate_market('fr');
SELECT pg_temp.refusal($$SELECT segmentation.activate_market('ch')$$);
SELECT pg_temp.refusal($$UPDATE segmentation.market SET status = 'active' WHERE id = 'ch'$$);
UPDATE segmentation.market SET status = 'active', countries = '{CH}' WHERE id = 'ch';
SELECT pg_temp.refusal($$SELECT segmentation.suspend_market('jp')$$);
SELECT id, status FROM segmentation.retire_market('jp');
SELECT pg_temp.refusal($$SELECT segmentation.activate_market('jp')$$);
SELECT pg_temp.refusal($$SELECT segmentation.activate_market('nowhere')$$);
SELECT pg_temp.refusal($$SELECT segmentation.suspend_market(NULL)$$);
-- the others are as they were
SELECT id, status FROM segmentation.market ORDER BY id;

-- customers stand in the way of another currency, of retiring and of deleting
CREATE TABLE customer (id int PRIMARY KEY, segment segment_id REFERENCES segmentation.market);
INSERT INTO customer VALUES (1, 'us');
SELECT pg_temp.refusal($$UPDATE segmentation.market SET currency = 'CAD' WHERE id = 'us'$$);
SELECT pg_temp.refusal($$SELECT segmentation.retire_market('us')$$);
SELECT pg_temp.refusal($$DELETE FROM segmentation.market WHERE id = 'us'$$);
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT pg_temp.refusal($$SELECT segmentation.retire_market('us')$$);
COMMIT;
DELETE FROM customer;
UPDATE segmentation.market SET currency = 'CAD' WHERE id = 'us';
-- so do offers
SELECT pg_temp.refusal($$UPDATE segmentation.market SET currency = 'CAD' WHERE id = 'fr'$$);
SELECT pg_temp.refusal($$DELETE FROM segmentation.market WHERE id = 'fr'$$);
-- a market without either goes, and its segment with it
DELETE FROM segmentation.market WHERE id = 'us';
SELECT count(*) FROM segmentation.segment WHERE id = 'us';
-- its id may change, and everything follows
UPDATE segmentation.segment SET id = 'in-new' WHERE model = 'market' AND id = 'in';
SELECT id FROM segmentation.market WHERE id::text LIKE 'in%';
SELECT market, code FROM segmentation.offer WHERE market = 'in-new' ORDER BY code;

-- bad input: refused, nothing half-done
SELECT pg_temp.refusal(statement) FROM unnest(ARRAY[
    $$SELECT segmentation.create_market('xx', 'EUR', '{FR,ZZ}')$$,
    $$SELECT segmentation.create_market('xx', 'EUR', '{FR,FR}')$$,
    $$SELECT segmentation.create_market('xx', 'EUR', '{fr}')$$,
    $$SELECT segmentation.create_market('xx', 'EUR', default_language => 'xx')$$,
    $$SELECT segmentation.create_market('xx', NULL)$$,
    $$SELECT segmentation.create_market('xx', 'XAU')$$,
    $$SELECT segmentation.create_market('xx', 'eur')$$,
    $$SELECT segmentation.create_market(NULL, 'EUR')$$,
    $$SELECT segmentation.create_market('fr', 'EUR')$$,
    $$SELECT segmentation.create_market('not an id', 'EUR')$$,
    $$SELECT segmentation.create_market('xx', 'EUR', customer_type => 'friend')$$,
    $$SELECT segmentation.create_market('xx', 'EUR', customer_type => 'reseller')$$,
    $$SELECT segmentation.create_market('xx', 'EUR', sales_representative => 'Anne')$$,
    $$SELECT segmentation.create_market('xx', 'EUR', product => '')$$,
    $$INSERT INTO segmentation.market (id) VALUES ('xx')$$,
    $$SELECT segmentation.clone_market('fr', 'ch', 'CHF')$$,
    $$SELECT segmentation.clone_market('nowhere', 'xx', 'CHF')$$,
    $$SELECT segmentation.clone_market('fr', 'xx', 'CHF', 0)$$,
    $$SELECT segmentation.clone_market('fr', 'xx', 'CHF', -1)$$,
    $$SELECT segmentation.clone_market('fr', 'xx', 'CHF', 'NaN')$$,
    $$SELECT segmentation.clone_market('fr', 'xx', 'CHF', NULL)$$,
    $$SELECT segmentation.clone_market('fr', 'xx', 'JPY', 0.0001)$$,
    $$INSERT INTO segmentation.offer (market, code, price) VALUES ('fr', 'dollar', '9 USD')$$,
    $$INSERT INTO segmentation.offer (market, code, price) VALUES ('fr', 'team', '9 EUR')$$,
    $$INSERT INTO segmentation.offer (market, code, price) VALUES ('nowhere', 'team', '9 EUR')$$,
    $$INSERT INTO segmentation.offer (market, code, price) VALUES ('fr', 'minus', '-9 EUR')$$,
    $$INSERT INTO segmentation.offer (market, code, price, free) VALUES ('fr', 'both', '9 EUR', true)$$,
    $$INSERT INTO segmentation.offer (market, code, price, available) VALUES ('fr', 'never', '9 EUR', 'empty')$$,
    $$INSERT INTO segmentation.offer (market, code, price, promotional) VALUES ('fr', 'endless', '9 EUR', true)$$,
    $$INSERT INTO segmentation.offer (market, code, price, billing_period) VALUES ('fr', 'zero', '9 EUR', '0')$$,
    $$INSERT INTO segmentation.offer (market, code, price, kind) VALUES ('fr', 'odd', '9 EUR', 'odd')$$,
    $$INSERT INTO segmentation.offer_text VALUES ('fr', 'team', 'xx', 'Team')$$,
    $$INSERT INTO segmentation.offer_text VALUES ('fr', 'team', 'de', '')$$,
    $$INSERT INTO segmentation.segment_text VALUES ('market', 'fr', 'german', 'Frankreich')$$
]) AS statement;
SELECT count(*) FROM segmentation.market WHERE id = 'xx';
SELECT count(*) FROM segmentation.segment WHERE id = 'xx';

-- reading is for everyone, changing for those to whom it is granted
CREATE ROLE catalogue_editor;
CREATE ROLE anybody;
GRANT INSERT, UPDATE, DELETE ON segmentation.market, segmentation.offer, segmentation.offer_text, segmentation.segment_text TO catalogue_editor;
GRANT EXECUTE ON FUNCTION segmentation.create_market, segmentation.clone_market, segmentation_internal.market_set_status,
    segmentation.activate_market, segmentation.suspend_market, segmentation.retire_market TO catalogue_editor;
SET ROLE anybody;
SELECT code, title, price FROM segmentation.price_list('fr', 'en');
SELECT pg_temp.refusal($$SELECT segmentation.activate_market('br')$$);
SELECT pg_temp.refusal($$UPDATE segmentation.market SET status = 'suspended' WHERE id = 'fr'$$);
RESET ROLE;
SET ROLE catalogue_editor;
SELECT id FROM segmentation.clone_market('fr', 'be', 'EUR');
UPDATE segmentation.market SET countries = '{BE}' WHERE id = 'be';
SELECT id, status FROM segmentation.activate_market('be');
SELECT pg_temp.refusal($$INSERT INTO segmentation.segment (model, id) VALUES ('market', 'forged')$$);
-- who changes markets need not be allowed to see customers, who count all the same
SELECT id FROM segmentation.create_market('it', 'EUR');
RESET ROLE;
INSERT INTO customer VALUES (2, 'it');
ALTER TABLE customer ENABLE ROW LEVEL SECURITY;
ALTER TABLE customer FORCE ROW LEVEL SECURITY;
SET ROLE catalogue_editor;
SELECT pg_temp.refusal($$SELECT FROM customer$$);
SELECT pg_temp.refusal($$SELECT segmentation.retire_market('it')$$);
SELECT pg_temp.refusal($$UPDATE segmentation.market SET currency = 'CHF' WHERE id = 'it'$$);
SET ROLE anybody;
SELECT pg_temp.refusal($$SELECT segmentation_internal.market_has_customers(oid, 'it') FROM pg_constraint WHERE conrelid = 'customer'::regclass AND contype = 'f'$$);
RESET ROLE;
SELECT pg_temp.refusal($$SELECT segmentation_internal.market_has_customers(0, 'it')$$);
SELECT pg_temp.refusal($$SELECT segmentation_internal.market_has_customers(oid, 'it') FROM pg_constraint WHERE conrelid = 'customer'::regclass AND contype = 'p'$$) ~ 'is no foreign key' AS refused;
DROP OWNED BY catalogue_editor, anybody;
DROP ROLE catalogue_editor, anybody;

DROP TABLE customer;
DELETE FROM segmentation.offer;
DELETE FROM segmentation.market;
SELECT count(*) FROM segmentation.segment;
DELETE FROM segmentation.model;
