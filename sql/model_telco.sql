-- The Telco customers as models: capital letters in every name, a key of text, and
-- what is known of them as segments.
\getenv srcdir PG_ABS_SRCDIR
\set file :srcdir '/test/data/customers/Telco-Customer-Churn.csv'
SET client_min_messages = warning;
CREATE SCHEMA "Telco";
SET search_path = "Telco", public;
CREATE TABLE "Customer" (
    "customerID" text PRIMARY KEY, gender text, "SeniorCitizen" int, "Partner" text, "Dependents" text, tenure int,
    "PhoneService" text, "MultipleLines" text, "InternetService" text, "OnlineSecurity" text, "OnlineBackup" text,
    "DeviceProtection" text, "TechSupport" text, "StreamingTV" text, "StreamingMovies" text, "Contract" text,
    "PaperlessBilling" text, "PaymentMethod" text, "MonthlyCharges" numeric, "TotalCharges" text, "Churn" text);
COPY "Customer" FROM :'file' (FORMAT csv, HEADER);

-- Known: of 7043 customers 1869 left, 11 have no total yet, and 5517 have internet, of
-- whom 2044 have support, 2019 security and 2429 backup.
SELECT count(*) FROM segmentation.create_model('telco', '"Customer"', '{customerID}', prefix => 'Telco', objective => 'who leaves');
CREATE TABLE definition (place int GENERATED ALWAYS AS IDENTITY, segment text, rule text);
INSERT INTO definition (segment, rule) VALUES
    ('left', '"Churn" = ''Yes'''),
    ('no-total', 'trim("TotalCharges") = '''''),
    ('internet', '"InternetService" <> ''No'''),
    ('tech-support', '"TechSupport" = ''Yes'''),
    ('online-security', '"OnlineSecurity" = ''Yes'''),
    ('online-backup', '"OnlineBackup" = ''Yes'''),
    ('month-to-month', '"Contract" = ''Month-to-month'''),
    ('one-year', '"Contract" = ''One year'''),
    ('two-year', '"Contract" = ''Two year'''),
    ('bare', 'in_segment(''internet'') AND NOT (in_segment(''tech-support'') OR in_segment(''online-security'') OR in_segment(''online-backup''))'),
    ('dear', 'currency_price("MonthlyCharges", ''USD'') >= ''90 USD'''),
    ('leaves-next', 'in_segment(''month-to-month'') AND in_segment(''bare'') AND tenure <= 12 AND NOT in_segment(''left'')'),
    ('settled', 'nullif(trim("TotalCharges"), '''')::numeric >= 1000');
SELECT segment, members, share, unknown
FROM definition, segmentation.define_segment('telco', segment, rule) ORDER BY place;
SELECT rows_read, entered, exited FROM segmentation.refresh('telco');
SELECT segment, count(*) AS customers FROM "Telco_member" GROUP BY segment ORDER BY segment;

-- known: churn by contract is 42.71, 11.27 and 2.83 %
SELECT contract.segment, count(*) AS customers, round(100.0 * count(gone.segment) / count(*), 2) AS "left %"
FROM "Telco_member" AS contract LEFT JOIN "Telco_member" AS gone
    ON gone."customerID" = contract."customerID" AND gone.segment = 'left'
WHERE contract.segment IN ('month-to-month', 'one-year', 'two-year')
GROUP BY contract.segment ORDER BY contract.segment;

-- each customer has one contract: as an exclusive model, and as a column of the application's
SELECT count(*) FROM segmentation.create_model('contract', '"Customer"', '{customerID}', 'exclusive');
SELECT members, unknown FROM segmentation.define_segment('contract', 'bound', 'in_segment(''telco'', ''one-year'') OR in_segment(''telco'', ''two-year'')', rank => 2);
SELECT members, unknown FROM segmentation.define_segment('contract', 'lost', 'in_segment(''telco'', ''left'')', rank => 1);
SELECT members, unknown FROM segmentation.define_segment('contract', 'free', rank => 3);
SELECT rows_read FROM segmentation.refresh('contract');
SELECT segment, count(*) AS customers FROM contract_member GROUP BY segment ORDER BY segment;
CREATE VIEW contract_column AS SELECT "customerID", replace("Contract", ' ', '-')::segment_id AS contract FROM "Customer";
SELECT count(*) FROM segmentation.create_model('by-column', 'contract_column', '{customerID}', 'column', segment_column => 'contract');
SELECT rows_read FROM segmentation.refresh('by-column');
SELECT segments, count(*) AS customers FROM "by-column_assignment" GROUP BY segments ORDER BY segments;

-- an application's two questions
SELECT "customerID" FROM "Telco_member" WHERE segment = 'no-total' ORDER BY 1;
SELECT segments FROM "Telco_assignment" WHERE "customerID" = '4472-LVYGI';

-- who churns leaves the segment of who may
SELECT count(*) AS will_leave FROM "Telco_member" WHERE segment = 'leaves-next';
UPDATE "Customer" SET "Churn" = 'Yes'
WHERE "customerID" IN (SELECT "customerID" FROM "Telco_member" WHERE segment = 'leaves-next' ORDER BY 1 LIMIT 100);
SELECT rows_read, appeared, changed, vanished, entered, exited FROM segmentation.refresh('telco');
SELECT segment, entered, exited FROM segmentation.refresh_log_segment WHERE model = 'telco' AND refreshed_at = (SELECT refreshed_at FROM segmentation.model WHERE id = 'telco') ORDER BY segment;
SELECT count(*) AS differences FROM segmentation.verify('telco');
SELECT count(*) AS differences FROM segmentation.verify('by-column');
SELECT count(*) > 0 AS "contract is behind" FROM segmentation.verify('contract');
SELECT changed FROM segmentation.refresh('contract');
SELECT count(*) AS differences FROM segmentation.verify('contract');

-- leave nothing to the tests that follow
DELETE FROM segmentation.segment_reference
WHERE model IN (SELECT id FROM segmentation.model JOIN pg_class ON pg_class.oid = assignment WHERE relnamespace = quote_ident(current_schema())::regnamespace);
DELETE FROM segmentation.model USING pg_class WHERE pg_class.oid = assignment AND relnamespace = quote_ident(current_schema())::regnamespace;
SET client_min_messages = warning;
DROP SCHEMA "Telco" CASCADE;
