-- What the extension does for the business of business.sql.  Run from stdin, so
-- that errors look as in an interactive psql.
\i demo/settings.sql
\pset null '(none)'

\echo
\echo '== Loyalty ================================================================='
\echo
\echo '1. Would our customers recommend us?  Net promoter score by country, -100 to'
\echo '   100, and its margin of error: countries whose ranges overlap need not differ.'
\echo
\set ECHO queries
SELECT country, nps_responses(t) AS responses,
       round(nps(t), 1) AS nps, round(nps_margin(t, 0.95), 1) AS "+/-"
FROM (SELECT country, nps_tally(score) AS t
      FROM responses r JOIN customers c ON c.id = r.customer_id
      GROUP BY country) AS by_country
ORDER BY nps(t) DESC, country;
\set ECHO none

\echo '2. Are those who pay for more happier?  The same by plan.'
\echo
\set ECHO queries
SELECT plan, nps_responses(t) AS responses,
       round(nps(t), 1) AS nps, round(nps_margin(t, 0.95), 1) AS "+/-"
FROM (SELECT o.plan, nps_tally(score) AS t
      FROM responses r JOIN subscriptions s USING (customer_id) JOIN offers o ON o.id = s.offer_id
      WHERE o.plan <> 'insights'
      GROUP BY o.plan) AS by_plan
ORDER BY nps(t) DESC, plan;
\set ECHO none

\echo '3. Tallies are small and add up: kept by month, they answer for any quarter,'
\echo '   country or both, and no response has to be read again.'
\echo
\set ECHO queries
CREATE TABLE nps_by_month AS
SELECT date_trunc('month', answered_at) AS month, country, nps_tally(score) AS tally
FROM responses r JOIN customers c ON c.id = r.customer_id
GROUP BY 1, 2;
\echo
SELECT to_char(month, 'YYYY "Q"Q') AS quarter,
       nps_responses(nps_rollup(tally)) AS responses,
       round(nps(nps_rollup(tally)), 1) AS nps
FROM nps_by_month
GROUP BY 1 ORDER BY 1;
\set ECHO none

\echo '4. A customer is classed by the latest answer that has a score.'
\echo
\set ECHO queries
SELECT customer_id, array_agg(score ORDER BY answered_at) AS scores,
       latest_nps_class(score, answered_at) AS class
FROM responses
GROUP BY customer_id HAVING count(*) = 3
ORDER BY customer_id LIMIT 8;

CREATE VIEW customer_loyalty AS
SELECT c.id AS customer_id, l.class
FROM customers c
LEFT JOIN (SELECT customer_id, latest_nps_class(score, answered_at) AS class
           FROM responses GROUP BY customer_id) AS l ON l.customer_id = c.id;
\echo
SELECT class, count(*) AS customers FROM customer_loyalty GROUP BY class ORDER BY class;
\set ECHO none

\echo '== Revenue ================================================================='
\echo
\echo '5. Invoices in seven currencies: exact, each with the decimals that it has.'
\echo
\set ECHO queries
SELECT currency(amount) AS currency, count(*) AS invoices,
       sum(amount), round(avg(amount)) AS average, max(amount) AS largest
FROM invoices GROUP BY 1 ORDER BY 1;
\set ECHO none

\echo '6. Nobody adds yen to euros by mistake.  The application sees:'
\echo
\set ECHO queries
\set ON_ERROR_STOP off
SELECT sum(amount) FROM invoices;
\set ON_ERROR_STOP on
\set ECHO none

\echo
\echo '7. Nor does a filter: dollars are neither above 5000 euros nor below.'
\echo
\set ECHO queries
SELECT count(*) FILTER (WHERE amount >= '5000 EUR') AS above,
       count(*) FILTER (WHERE amount < '5000 EUR') AS below,
       count(*) FILTER (WHERE (amount < '5000 EUR') IS NULL) AS "in other currencies"
FROM invoices;
\set ECHO none

\echo '8. Tiers by the revenue of the year: named thresholds, a scale per currency.'
\echo
\set ECHO queries
CREATE TABLE scales (currency text PRIMARY KEY, scale tier_scale NOT NULL);
INSERT INTO scales VALUES
    ('EUR', 'smb 0, mid 1000, enterprise 10000 EUR'),
    ('GBP', 'smb 0, mid 900, enterprise 9000 GBP'),
    ('USD', 'smb 0, mid 1100, enterprise 11000 USD'),
    ('CHF', 'smb 0, mid 1000, enterprise 10000 CHF'),
    ('SEK', 'smb 0, mid 11000, enterprise 110000 SEK'),
    ('JPY', 'smb 0, mid 150000, enterprise 1500000 JPY'),
    ('KWD', 'smb 0, mid 330, enterprise 3300 KWD');
\echo
SELECT c.id, c.name, sum(i.amount) AS revenue, revenue_tier(i.amount, s.scale) AS tier
FROM customers c
JOIN invoices i ON i.customer_id = c.id
JOIN scales s ON s.currency = currency(i.amount)
WHERE c.id <= 15
GROUP BY c.id, c.name, s.currency
ORDER BY c.id;
\set ECHO none

\echo '9. Customers per tier.  tier(sum(...)) says the same as revenue_tier(...) and'
\echo '   gives the sum too.'
\echo
\set ECHO queries
CREATE VIEW customer_revenue AS
SELECT i.customer_id, sum(i.amount) AS revenue, tier(sum(i.amount), s.scale) AS tier
FROM invoices i JOIN scales s ON s.currency = currency(i.amount)
GROUP BY i.customer_id, s.currency;
\echo
SELECT tier, count(*) AS customers,
       sum(revenue) FILTER (WHERE currency(revenue) = 'EUR') AS "in euros",
       sum(revenue) FILTER (WHERE currency(revenue) = 'USD') AS "in dollars",
       sum(revenue) FILTER (WHERE currency(revenue) = 'JPY') AS "in yen"
FROM customer_revenue
GROUP BY tier ORDER BY count(*) DESC;
\set ECHO none

\echo '10. Whom to ask for a reference: the largest promoters of the enterprise tier.'
\echo
\set ECHO queries
SELECT c.name, c.country, c.industry, r.revenue
FROM customer_revenue r
JOIN customer_loyalty l USING (customer_id)
JOIN customers c ON c.id = r.customer_id
WHERE r.tier = 'enterprise' AND l.class = 'promoter' AND r.revenue >= '0 EUR'
ORDER BY r.revenue DESC, c.id LIMIT 5;
\set ECHO none

\echo '11. Who may leave, by tier: a detractor, or nobody has logged in for 30 days.'
\echo
\set ECHO queries
SELECT r.tier, count(*) AS customers,
       count(*) FILTER (WHERE l.class = 'detractor') AS detractors,
       count(*) FILTER (WHERE a.last_login IS NULL) AS "no login",
       count(*) FILTER (WHERE l.class = 'detractor' OR a.last_login IS NULL) AS "at risk",
       sum(r.revenue) FILTER (WHERE (l.class = 'detractor' OR a.last_login IS NULL)
                              AND currency(r.revenue) = 'EUR') AS "euros at risk"
FROM customer_revenue r
JOIN customer_loyalty l USING (customer_id)
LEFT JOIN (SELECT customer_id, max(at) AS last_login FROM logins
           WHERE at >= TIMESTAMPTZ '2025-12-02 00:00+00'
           GROUP BY customer_id) AS a USING (customer_id)
GROUP BY r.tier ORDER BY count(*) DESC;
\set ECHO none

\echo '== The lock ================================================================'
\echo
\echo '12. A customer belongs to one segment: its offers, its currency.  What would a'
\echo '    lock on these tables do, and what is in its way?  A draft does not count yet.'
\echo
\set ECHO queries
SELECT step, left(detail, 70) AS detail
FROM segmentation.install_lock('customers', 'subscriptions',
    offers => 'offers', subscription_offer => 'offer_id', offer_segment => 'segment',
    locks_when => $$status <> 'draft'$$, running_when => $$status = 'active'$$,
    dry_run => true);
\set ECHO none

\echo '13. Somebody put a few customers into another segment than they buy in.  That put'
\echo '    right, the lock is installed; customers without a segment take the one of'
\echo '    their subscriptions.'
\echo
\set ECHO queries
UPDATE customers c SET segment = o.segment
FROM subscriptions s JOIN offers o ON o.id = s.offer_id
WHERE s.customer_id = c.id AND s.status = 'active' AND o.segment <> c.segment;
\echo
SELECT count(*) FILTER (WHERE step = 'run') AS "statements run"
FROM segmentation.install_lock('customers', 'subscriptions',
    offers => 'offers', subscription_offer => 'offer_id', offer_segment => 'segment',
    locks_when => $$status <> 'draft'$$, running_when => $$status = 'active'$$);

SELECT segment, count(*) AS customers, count(segment_locked_at) AS locked
FROM customers GROUP BY segment ORDER BY segment;
\set ECHO none

SELECT min(id) AS customer FROM customers c
WHERE NOT EXISTS (SELECT FROM subscriptions s WHERE s.customer_id = c.id) \gset
SELECT max(id) FILTER (WHERE segment = 'swiss') AS swiss_offer,
       max(id) FILTER (WHERE segment = 'dach') AS dach_offer
FROM offers WHERE plan = 'team' \gset
SELECT 10 * :customer + 1 AS first, 10 * :customer + 2 AS second \gset

\echo '14. A customer without segment or subscription buys for the first time, from the'
\echo '    Swiss offers: that makes it a Swiss customer, and locks it.'
\echo
\set ECHO queries
SELECT id, name, segment, segment_locked_at IS NOT NULL AS locked FROM customers WHERE id = :customer;

INSERT INTO subscriptions (id, customer_id, offer_id, seats, discount, status, started)
VALUES (:first, :customer, :swiss_offer, 5, 0, 'active', '2026-01-01');
\echo
SELECT id, name, segment, segment_locked_at IS NOT NULL AS locked FROM customers WHERE id = :customer;
\set ECHO none

\echo '15. From now on nobody changes the segment by an UPDATE, nor sells it a German'
\echo '    offer.  The application sees:'
\echo
\set ON_ERROR_STOP off
\set ECHO queries
UPDATE customers SET segment = 'dach' WHERE id = :customer;
\echo
INSERT INTO subscriptions (id, customer_id, offer_id, seats, discount, status, started)
VALUES (:second, :customer, :dach_offer, 5, 0, 'active', '2026-01-02');
\set ECHO none
\set ON_ERROR_STOP on

\echo
\echo '16. The customer moves to Germany.  What is in the way?'
\echo
\set ECHO queries
SELECT * FROM segmentation.move_blockers('customers', ARRAY[:'customer'], 'dach');
\set ECHO none

SELECT has_function_privilege('segmentation.move_customer(regclass, text[], text, text)', 'EXECUTE') AS may_move \gset
\if :may_move
\echo '    That ends, the customer moves, and buys there.'
\echo
\set ECHO queries
UPDATE subscriptions SET status = 'cancelled', ended = '2026-01-31' WHERE id = :first;
\echo
SELECT customer_key, from_segment, to_segment, reason
FROM segmentation.move_customer('customers', ARRAY[:'customer'], 'dach', 'moved to Munich');

INSERT INTO subscriptions (id, customer_id, offer_id, seats, discount, status, started)
VALUES (:second, :customer, :dach_offer, 5, 0, 'active', '2026-02-01');
\set ECHO none

\echo
\echo '17. Triggers can be switched off, by a bulk import or on a replica.  What got in'
\echo '    is found afterwards, and a move puts it right.'
\echo
\set ECHO queries
ALTER TABLE customers DISABLE TRIGGER USER;
UPDATE customers SET segment = 'swiss' WHERE id = :customer;
ALTER TABLE customers ENABLE TRIGGER USER;
\echo
SELECT * FROM segmentation.lock_violations('customers');

SELECT customer_key, from_segment, to_segment, reason
FROM segmentation.move_customer('customers', ARRAY[:'customer'], 'dach', 'put right what the import broke');

SELECT count(*) AS violations FROM segmentation.lock_violations('customers');
\set ECHO none
\else
\echo '    This role may not move it, which is for few: GRANT EXECUTE ON FUNCTION'
\echo '    segmentation.move_customer TO ...; lets it.'
\endif
