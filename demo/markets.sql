-- Markets: own offers, prices and currency.  All of it in a transaction that is
-- rolled back: the catalogue of a server of the caller's stays as it is.
\i demo/settings.sql
SELECT has_table_privilege('segmentation.market', 'INSERT') AND has_function_privilege('segmentation.activate_market(' || :'extension_schema' || '.segment_id)', 'EXECUTE') AS may_sell \gset
\if :may_sell
\pset null '(none)'
BEGIN;

\echo
\echo '== Markets ================================================================='
\echo
\echo '26. A market sells its own offers in its own currency, with texts in the languages'
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
\echo '27. The same in Switzerland, at a rate; the clone is a draft without countries.'
\echo
\set ECHO queries
SELECT id, currency, countries, status FROM segmentation.clone_market('demo-fr', 'demo-ch', 'CHF', rate => 0.9412);
\set ECHO none

\echo
\echo '28. What an application shows, in July, of both: in the language asked for, in'
\echo '    what it is a variety of, or in the market''s own.'
\echo
\set ECHO queries
SELECT code, title, text_language, price FROM segmentation.price_list('demo-fr', 'en', '2026-07-01');

SELECT code, title, text_language, price FROM segmentation.price_list('demo-ch', 'fr-CH', '2026-07-01');
\set ECHO none

\echo '29. A market for the French in English?  What is doubtful about it, before it sells.'
\echo
\set ECHO queries
SELECT id, status FROM segmentation.clone_market('demo-fr', 'demo-fr-en', 'EUR');
UPDATE segmentation.market SET countries = '{FR,MC}', default_language = 'en' WHERE id = 'demo-fr-en';
\pset expanded on
SELECT code, severity, sentence, hint FROM segmentation.check_market('demo-fr-en');
\pset expanded off
\set ECHO none

\echo '30. None becomes active while there are errors, and none has an offer'
\echo '    in another currency.'
\echo
\set ON_ERROR_STOP off
\set SHOW_CONTEXT never
SAVEPOINT before;
\set ECHO queries
SELECT segmentation.activate_market('demo-ch');
\set ECHO none
ROLLBACK TO before;
\echo
\set ECHO queries
INSERT INTO segmentation.offer (market, code, price) VALUES ('demo-ch', 'scale', '99 EUR');
\set ECHO none
\set ON_ERROR_STOP on
ROLLBACK;
\endif
