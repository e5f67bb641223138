-- price_list: what an application shows of a market
INSERT INTO segmentation.market (id, currency, countries, default_language) VALUES ('ch', 'CHF', '{CH}', 'de'), ('other', 'EUR', '{FR}', 'fr');
INSERT INTO segmentation.offer (market, code, price, free, billing_period, available, promotional, customer) VALUES
    ('ch', 'free', NULL, true, NULL, '(,)', false, NULL),
    ('ch', 'team', '11 CHF', false, '1 month', '(,)', false, NULL),
    ('ch', 'old', '7 CHF', false, '1 month', '(,2025-01-01)', false, NULL),
    ('ch', 'summer', '5 CHF', false, '1 month', '[2025-06-01,2025-09-01)', true, NULL),
    ('ch', 'acme', '900 CHF', false, '1 month', '(,)', false, '{42}'),
    ('other', 'team', '10 EUR', false, '1 month', '(,)', false, NULL);
INSERT INTO segmentation.offer_text (market, offer, language, title) VALUES
    ('ch', 'team', 'de', 'Gruppe'), ('ch', 'team', 'fr', 'Équipe'), ('ch', 'team', 'fr-CH', 'Équipe suisse'),
    ('ch', 'summer', 'en', 'Summer'), ('ch', 'old', 'de', 'Alt'), ('other', 'team', 'it', 'Gruppo');

-- fr-CH, then fr, then the market's default; NULL where there is no text
SELECT language, title, text_language
FROM unnest('{fr-CH,fr-BE,fr,de-AT,it,FR_ch,NULL}'::text[]) AS language
LEFT JOIN LATERAL segmentation.price_list('ch', language, '2025-02-01') ON code = 'team';
SELECT code, title, price, free, billing_period, promotional, available FROM segmentation.price_list('ch', 'en', '2025-07-01');
-- by day: the last day of the old price, the first without it
SELECT code FROM segmentation.price_list('ch', 'de', '2024-12-31');
SELECT code FROM segmentation.price_list('ch', 'de', '2025-01-01');
-- a market of any status, today where no day is given; nothing of a market that is not there
SELECT code FROM segmentation.price_list('ch');
SELECT code FROM segmentation.price_list('nowhere');
SELECT code FROM segmentation.price_list(NULL);
SELECT segmentation.language_fallback('zh-Hant-TW', 'en'), segmentation.language_fallback(NULL), segmentation.language_fallback('', 'pt_br'),
    segmentation.language_fallback(repeat('x-', 1000), 'en');

-- inlined: the plan reads the tables by the market's key
CREATE FUNCTION pg_temp.scans(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    line text;
BEGIN
    FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
        IF line LIKE '%Scan%' THEN
            RETURN NEXT ltrim(line, ' ->');
        END IF;
    END LOOP;
END
$$;
SET enable_seqscan = off;
SELECT scan FROM pg_temp.scans($$ SELECT code, price FROM segmentation.price_list('ch', 'de', '2025-01-01') WHERE code = 'team' $$) AS scan;
RESET enable_seqscan;

-- what a customer would pay for an offer is a join
CREATE TABLE customer (id int PRIMARY KEY, segment segment_id REFERENCES segmentation.market);
INSERT INTO customer VALUES (42, 'ch'), (43, 'ch'), (44, 'other');
SELECT c.id, o.code, o.price
FROM customer c JOIN segmentation.offer o ON o.market = c.segment AND (o.customer IS NULL OR o.customer = ARRAY[c.id::text])
WHERE o.available @> date '2025-02-01' AND NOT o.free
ORDER BY c.id, o.code;
DROP TABLE customer;
DELETE FROM segmentation.offer;
DELETE FROM segmentation.market;
DELETE FROM segmentation.model;
