-- What file.sql found: customers by tier, loyalty by tier, and what was not read.
\i demo/settings.sql

\echo
\echo The rows of :file
\echo
SELECT (SELECT count(*) FROM lines) AS rows,
       (SELECT count(*) FROM readings WHERE price IS NOT NULL) AS "with an amount",
       count(*) AS customers,
       count(*) FILTER (WHERE rows > 1) AS "with several rows, added up",
       (SELECT count(*) FROM unread) AS "values not read"
FROM customers;

SELECT count(*) AS customers, count(*) > 0 AS any_customers,
       :'amount' || ' in ' || min(currency(revenue)) AS amounts,
       (SELECT count(*) FROM unread) > 0 AS any_unread, (SELECT count(*) FROM unread) > :show AS more_unread,
       :'score' <> '' AS any_scores
FROM customers \gset

\if :any_customers
\echo Customers by tier: :scale
\echo
SELECT CASE WHEN grouping(tier) = 1 THEN 'all' ELSE coalesce(tier::text, '(below the lowest)') END AS tier,
       count(*) AS customers,
       round(100.0 * count(*) / :customers, 2) AS "% of customers",
       sum(amount(revenue)) AS :"amounts",
       round(100 * sum(amount(revenue)) / nullif((SELECT sum(amount(revenue)) FROM customers), 0), 2) AS "% of it"
FROM customers
GROUP BY ROLLUP (tier)
ORDER BY grouping(tier), min(amount(revenue)) DESC;
\endif

\if :any_scores
\echo 'Net promoter score by tier, of' :"score" '(95 % confidence)'
\echo
SELECT CASE WHEN grouping(tier) = 1 THEN 'all' ELSE coalesce(tier::text, '(below the lowest)') END AS tier,
       nps_responses(nps_tally(r.score)) AS responses,
       round(nps(r.score), 1) AS nps,
       round(nps_margin(nps_tally(r.score), 0.95), 1) AS "+/-"
FROM customers c JOIN readings r USING (key)
GROUP BY ROLLUP (tier)
ORDER BY grouping(tier), min(amount(c.revenue)) DESC;
\endif

\if :any_unread
\echo 'Not read, and counted nowhere above'
\echo
SELECT line, key, "column", value, reason FROM unread ORDER BY line, "column" LIMIT :show;
\if :more_unread
    \echo 'The first' :show 'are shown.  SHOW=1000 shows more, OUTPUT=result.csv writes all of them.'
\endif
\elif :any_customers
\echo 'Every value could be read.'
\else
\echo 'There are no rows.'
\endif

-- What might be read with an option.
SELECT coalesce(bool_or(value ~ '^-?[\d.]*,\d{1,2}(\D|$)'), false) AS decimals,
       coalesce(bool_or(value ~ '^-?\d{1,3}(,\d{3})+(\.|$)'), false) AS groups
FROM unread WHERE "column" = :'amount' AND :'decimal' = '' \gset
\if :decimals
    \echo 'Are commas the decimal sign?  Then add DECIMAL=,'
\endif
\if :groups
    \echo 'Do commas group thousands?  Then add DECIMAL=.'
\endif
