-- Markets: own offers, prices and currency.  All of it in a transaction that is
-- rolled back: the catalogue of a server of the caller's stays as it is.
\i demo/settings.sql
SELECT has_table_privilege('segmentation.market', 'INSERT') AND has_column_privilege('segmentation.market', 'id', 'REFERENCES')
    AND has_function_privilege('segmentation.activate_market(' || :'extension_schema' || '.segment_id)', 'EXECUTE') AS may_sell \gset
\if :may_sell
\pset null '(none)'
BEGIN;

\echo
\echo '== Markets ================================================================='
\echo
\echo '30. A market sells its own offers in its own currency, with texts in the languages'
\echo '    of its customers.'
\echo
\set ECHO queries
SELECT id, currency, countries, status
FROM segmentation.create_market('demo-fr', 'EUR', '{FR,MC}', default_language => 'fr', business => 'demo');

INSERT INTO segmentation.offer (market, code, price, free, billing_period, available, promotional) VALUES
    ('demo-fr', 'free', NULL, true, NULL, '(,)', false),
    ('demo-fr', 'summer', '5 EUR', false, '1 month', '[2026-06-01,2026-09-01)', true),
    ('demo-fr', 'team', '9.90 EUR', false, '1 month', '(,)', false);
INSERT INTO segmentation.offer_text (market, offer, language, title) VALUES
    ('demo-fr', 'free', 'fr', 'Gratuit'), ('demo-fr', 'free', 'en', 'Free'),
    ('demo-fr', 'summer', 'fr', 'Été'),
    ('demo-fr', 'team', 'fr', 'Équipe'), ('demo-fr', 'team', 'en', 'Team'), ('demo-fr', 'team', 'fr-CH', 'Équipe suisse');
\set ECHO none

\echo
\echo '31. The same in Switzerland, at a rate; the clone is a draft without countries.'
\echo
\set ECHO queries
SELECT id, currency, countries, status FROM segmentation.clone_market('demo-fr', 'demo-ch', 'CHF', rate => 0.9412);
\set ECHO none

\echo
\echo '32. What an application shows, in July, of both: in the language asked for, in'
\echo '    what it is a variety of, or in the market''s own.'
\echo
\set ECHO queries
SELECT code, title, text_language, price FROM segmentation.price_list('demo-fr', 'en', '2026-07-01');

SELECT code, title, text_language, price FROM segmentation.price_list('demo-ch', 'fr-CH', '2026-07-01');
\set ECHO none

\echo '33. A market for the French in English?  What is doubtful about it, before it sells.'
\echo
\set ECHO queries
SELECT id, status FROM segmentation.clone_market('demo-fr', 'demo-fr-en', 'EUR');
UPDATE segmentation.market SET countries = '{FR,MC}', default_language = 'en' WHERE id = 'demo-fr-en';
\pset expanded on
SELECT code, severity, sentence, hint FROM segmentation.check_market('demo-fr-en');
\pset expanded off
\set ECHO none

\echo '34. None becomes active while there are errors.'
\echo
\set ON_ERROR_STOP off
\set SHOW_CONTEXT never
SAVEPOINT before;
\set ECHO queries
SELECT segmentation.activate_market('demo-ch');
\set ECHO none
ROLLBACK TO before;
\set ON_ERROR_STOP on

\echo
\echo '35. Two go live, and the lock learns of them: whoever subscribes needs a market that'
\echo '    sells, and a price in its currency.'
\echo
\set ECHO queries
UPDATE segmentation.market SET countries = '{CH,LI}' WHERE id = 'demo-ch';
SELECT m.id, m.status FROM unnest('{demo-fr,demo-ch}'::segment_id[]) AS id, segmentation.activate_market(id) AS m;

CREATE TABLE accounts (id bigint PRIMARY KEY, name text, market segment_id);
CREATE TABLE contracts (
    id bigint PRIMARY KEY,
    account_id bigint NOT NULL REFERENCES accounts,
    market segment_id,
    offer text,
    price currency_price,
    FOREIGN KEY (market, offer) REFERENCES segmentation.offer
);
INSERT INTO accounts VALUES (1, 'Dupont SARL', 'demo-fr'), (2, 'Meier AG', NULL);
SELECT step, split_part(detail, ' FOR EACH', 1) AS detail
FROM segmentation.install_lock('accounts', 'contracts', customer_segment => 'market',
    offers => 'segmentation.offer', subscription_price => 'price', markets => true)
WHERE detail NOT LIKE '%TRIGGER%';
INSERT INTO contracts VALUES (1, 1, 'demo-fr', 'free', NULL), (2, 2, 'demo-ch', 'team', '9.32 CHF');
SELECT name, market, segment_locked_at IS NOT NULL AS locked FROM accounts ORDER BY id;
\set ECHO none

\echo '36. What the application sees of a price in another currency, and when the market'
\echo '    is suspended, which keeps its customers.'
\echo
\set ON_ERROR_STOP off
SAVEPOINT before;
\set ECHO queries
INSERT INTO contracts VALUES (3, 2, 'demo-ch', 'team', '9.90 EUR');
\set ECHO none
ROLLBACK TO before;
\echo
SAVEPOINT before;
\set ECHO queries
SELECT id, status FROM segmentation.suspend_market('demo-ch');
INSERT INTO contracts VALUES (3, 2, 'demo-ch', 'team', '9.32 CHF');
\set ECHO none
\set ON_ERROR_STOP on
ROLLBACK;
\endif
