-- The Telco customers: real columns, tiers and churn in exact money.  Known of
-- them: 7043 customers; churn by contract 42.71, 11.27 and 2.83 %; 11 without
-- TotalCharges.
\getenv srcdir PG_ABS_SRCDIR
\set file :srcdir '/test/data/customers/Telco-Customer-Churn.csv'

CREATE TABLE telco_file (
    customer_id text, gender text, senior_citizen text, partner text, dependents text,
    tenure integer, phone_service text, multiple_lines text, internet_service text,
    online_security text, online_backup text, device_protection text, tech_support text,
    streaming_tv text, streaming_movies text, contract text, paperless_billing text,
    payment_method text, monthly_charges numeric, total_charges text, churn text);
COPY telco_file FROM :'file' (FORMAT csv, HEADER);

-- the contract is a segment id once its spaces are gone, upper case or not
CREATE TABLE telco_customers AS
SELECT customer_id, replace(contract, ' ', '-')::segment_id AS contract,
       currency_price(monthly_charges, 'USD') AS monthly,
       (nullif(trim(total_charges), '') || ' USD')::currency_price AS total,
       churn = 'Yes' AS churned
FROM telco_file;

SELECT count(*), count(DISTINCT customer_id) AS customers, count(*) FILTER (WHERE churned) AS churned,
       count(*) - count(total) AS "without total"
FROM telco_customers;

-- churn by contract, the segment id as group and order
SELECT contract, count(*) AS customers, count(*) FILTER (WHERE churned) AS churned,
       round(100.0 * count(*) FILTER (WHERE churned) / count(*), 2) AS "churn %",
       sum(monthly) FILTER (WHERE churned) AS "lost a month"
FROM telco_customers GROUP BY contract ORDER BY contract;

-- sums are those of numeric, to the cent
SELECT sum(monthly) AS monthly, sum(total) AS total FROM telco_customers;
SELECT sum(monthly_charges) AS monthly, sum(nullif(trim(total_charges), '')::numeric) AS total FROM telco_file;

-- tiers by MonthlyCharges; bounds belong to the tier that they begin
SELECT tier(monthly, 'basic 0, plus 50, premium 90 USD'), count(*) AS customers,
       min(monthly), max(monthly), sum(monthly),
       round(100.0 * count(*) FILTER (WHERE churned) / count(*), 2) AS "churn %"
FROM telco_customers GROUP BY 1 ORDER BY min(monthly);
SELECT CASE WHEN monthly_charges >= 90 THEN 'premium' WHEN monthly_charges >= 50 THEN 'plus' ELSE 'basic' END AS tier,
       count(*) AS customers, sum(monthly_charges)
FROM telco_file GROUP BY 1 ORDER BY min(monthly_charges);
SELECT monthly, tier(monthly, 'basic 0, plus 50, premium 90 USD'), count(*)
FROM telco_customers WHERE monthly IN ('49.95 USD', '50 USD', '89.95 USD', '90 USD')
GROUP BY monthly ORDER BY monthly;

-- the aggregate says the same as the tier of the sum, contract by contract
SELECT contract, sum(monthly), tier(sum(monthly), 'small 0, middle 100000, large 150000 USD'),
       revenue_tier(monthly, 'small 0, middle 100000, large 150000 USD')
FROM telco_customers GROUP BY contract ORDER BY contract;

-- who paid nothing yet has no total, and no tier of it
SELECT tier(total, 'new 0, settled 1000, old 5000 USD'), count(*) AS customers, count(total) AS "with total"
FROM telco_customers GROUP BY 1 ORDER BY min(total);

DROP TABLE telco_file, telco_customers;
