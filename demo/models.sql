-- Models over the business: rules in SQL, one pass, stored answers with history.

\i demo/settings.sql

\echo '== Models =================================================================='
\echo
\echo '18. What is known of each customer, one row each: a view over the tables that'
\echo '    are there anyway.'
\echo
\set ECHO queries
CREATE VIEW customer_profile AS
SELECT c.id, c.name, c.country, c.industry, c.segment AS market, c.signed_up,
       l.class, r.revenue, r.tier, s.products, s.seats, a.last_login
FROM customers c
LEFT JOIN customer_loyalty l ON l.customer_id = c.id
-- who came from Switzerland has revenue in two currencies: the one it pays in now
LEFT JOIN (SELECT DISTINCT ON (customer_id) customer_id, revenue, tier FROM customer_revenue
           ORDER BY customer_id, currency(revenue) = 'CHF') AS r ON r.customer_id = c.id
LEFT JOIN (SELECT s.customer_id, array_agg(o.plan ORDER BY o.plan) AS products, sum(s.seats) AS seats
           FROM subscriptions s JOIN offers o ON o.id = s.offer_id
           WHERE s.status = 'active' GROUP BY s.customer_id) AS s ON s.customer_id = c.id
LEFT JOIN (SELECT customer_id, max(at) AS last_login FROM logins GROUP BY customer_id) AS a ON a.customer_id = c.id;
\set ECHO none

\echo
\echo '19. A model divides them by rules: conditions over the columns of the view.  Its'
\echo '    tables are ordinary ones, yours, in a schema of yours.  Defining a segment says'
\echo '    how many customers fulfil its rule, and of how many that cannot be said.'
\echo
\set ECHO queries
SELECT segmentation.create_model('service', 'customer_profile', '{id}', prefix => 'service',
    time_zone => 'Europe/Paris', objective => 'who needs what help');

SELECT segment, rule, members, round(100 * share, 1) AS "%", unknown
FROM (VALUES
    ('enterprise', $$tier = 'enterprise'$$),
    ('promoter', $$class = 'promoter'$$),
    ('detractor', $$class = 'detractor'$$),
    ('industrial', $$industry IN ('manufacturing', 'retail')$$),
    ('insights', $$products @> '{insights}'$$),
    ('high-potential', $$seats >= 30 AND NOT in_segment('enterprise')$$),
    ('alpine', $$country IN ('CH', 'AT')$$)) AS definition (segment, rule),
    segmentation.define_segment('service', segment, rule);
\set ECHO none

\echo '20. Rules may ask the clock, and for other segments, however deep.'
\echo
\set ECHO queries
SELECT count(*) AS segments
FROM (VALUES
    ('at-risk', $$last_login < now() - interval '30 days' OR last_login IS NULL$$),
    ('new', $$signed_up > current_date - 90$$),
    ('rescue', $$in_segment('at-risk') AND (in_segment('enterprise') OR in_segment('high-potential'))$$),
    ('reference', $$in_segment('enterprise') AND in_segment('promoter') AND NOT in_segment('at-risk')$$)
    ) AS definition (segment, rule),
    segmentation.define_segment('service', segment, rule, "count" => false);
\set ECHO none

\echo '21. One pass decides every rule for every customer, as of a moment; left out, the'
\echo '    moment is now.  The answer is stored, one row for each customer.'
\echo
\set ECHO queries
SELECT rows_read, appeared, entered FROM segmentation.refresh('service', '2026-01-01 00:00 UTC');

SELECT segment, count(*) AS customers FROM service_member GROUP BY segment ORDER BY count(*) DESC, segment;

SELECT segments, count(*) AS customers FROM service_assignment
GROUP BY segments HAVING count(*) > 0.04 * :customers ORDER BY count(*) DESC, segments;
\set ECHO none

\echo '22. What an application asks: is customer 42 at risk, and who is?  Both by index.'
\echo
\set ECHO queries
SELECT segments, segments @> '{at-risk}' AS "at risk" FROM service_assignment WHERE id = 42;

SELECT id, name, tier, last_login::date
FROM service_member JOIN customer_profile USING (id)
WHERE segment = 'rescue' ORDER BY id LIMIT 5;
\set ECHO none

\echo '23. A week passes.  Some log in again, some pay more; most do neither, and their'
\echo '    rows are not written.'
\echo
\set ECHO queries
INSERT INTO logins SELECT id, '2026-01-05 12:00 UTC' FROM service_member WHERE segment = 'rescue' AND id % 3 = 0;
\echo
SELECT cause, rows_read, changed, entered, exited FROM segmentation.refresh('service', '2026-01-08 00:00 UTC');

SELECT segment, entered, exited FROM segmentation.refresh_log_segment
WHERE (model, refreshed_at) = (SELECT id, refreshed_at FROM segmentation.model WHERE id = 'service')
ORDER BY segment;
\set ECHO none

\echo '24. Yesterday is not forgotten: who was to be rescued just before, and is not now?'
\echo
\set ECHO queries
SELECT count(*) AS "to be rescued then", count(*) FILTER (WHERE NOT now.segments @> '{rescue}') AS "and not now"
FROM service_at((SELECT max(until) FROM service_history) - interval '1 microsecond') AS past JOIN service_assignment AS now USING (id)
WHERE past.segments @> '{rescue}';

SELECT id, segment, left_at IS NOT NULL AS "has left"
FROM service_stay WHERE segment = 'rescue' ORDER BY left_at IS NULL, id LIMIT 3;
\set ECHO none

\echo '25. Every rule, as a query of its own, finds what is stored.'
\echo
\set ECHO queries
SELECT count(*) AS differences FROM segmentation.verify('service');
\set ECHO none

\echo
\echo '26. Why is customer 202 to be rescued, and why is it no reference?  Which conditions'
\echo '    decided, with the values that they saw; and one alone is missing to be one.'
\echo
\set ECHO queries
SELECT segment, member, because, near_miss FROM segmentation.explain_customer('service', '202')
WHERE segment IN ('at-risk', 'rescue', 'reference') ORDER BY segment \gx
\set ECHO none

\echo '27. A person knows better, for a week: this customer is one all the same.  The'
\echo '    decision beats the rule from the next refresh on, and ends by itself.'
\echo
\set ECHO queries
INSERT INTO service_override (id, segment, member, reason, author, expires_at)
VALUES (202, 'reference', true, 'speaks at our conference', 'ann', '2026-01-15 00:00 UTC');
\echo
SELECT changed, entered, exited FROM segmentation.refresh('service', '2026-01-08 00:00 UTC');

SELECT now.segments, now.recheck_at AT TIME ZONE 'UTC' AS "look again", before.segments AS before, cause
FROM service_assignment AS now JOIN service_history AS before ON before.id = now.id AND before.until = now.since
WHERE now.id = 202;
\set ECHO none

\echo '28. A rule divides by the number of seats.  One day a customer has none: that'
\echo '    segment keeps the members that it had, and says why; all others go on.'
\echo
\set ECHO queries
SELECT members FROM segmentation.define_segment('service', 'dear', $$ amount(revenue) / seats > 200 $$);

SELECT failed, entered, exited FROM segmentation.refresh('service', '2026-01-08 00:00 UTC');

UPDATE subscriptions SET seats = 0 WHERE customer_id = 201;
INSERT INTO logins VALUES (8, '2026-01-07 12:00 UTC');
\echo
SELECT failed, entered, exited FROM segmentation.refresh('service', '2026-01-08 00:00 UTC');

SELECT segment, status, message, rule FROM segmentation.model_status('service') WHERE status <> 'ok';

SELECT count(*) AS "kept as dear" FROM service_member WHERE segment = 'dear';
\set ECHO none

\echo '29. The data mended, the next refresh heals it; the week of step 27 is over, too.'
\echo
\set ECHO queries
UPDATE subscriptions SET seats = 100 WHERE customer_id = 201;
\echo
SELECT failed FROM segmentation.refresh('service', '2026-01-15 00:00 UTC');

SELECT count(*) FILTER (WHERE status <> 'ok') AS failing FROM segmentation.model_status('service');

SELECT customer, segment, author, reason, status FROM segmentation.model_overrides('service');

SELECT segments FROM service_assignment WHERE id = 202;
\set ECHO none
