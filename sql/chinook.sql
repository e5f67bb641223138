-- Chinook: the lock on customers and invoices whose names and types nobody here
-- chose.  Known of them: 59 customers, 412 invoices; totals USA 523.06,
-- Canada 303.96, all 2328.60.
\getenv srcdir PG_ABS_SRCDIR
\set file :srcdir '/test/data/schemas/Chinook_PostgreSql.sql'

CREATE SCHEMA chinook;
SET search_path = chinook, public;
\set include :srcdir '/sql/include/lock.sql'
-- as it is, but into this database
\set ECHO none
\i :include
SELECT regexp_replace(pg_read_file(:'file'), '^(DROP DATABASE|CREATE DATABASE|\\c ).*$', '', 'gn') \gexec
\set ECHO all

SELECT country, count(DISTINCT c.customer_id) AS customers, count(*) AS invoices, sum(currency_price(total, 'USD')) AS revenue
  FROM customer c JOIN invoice USING (customer_id) GROUP BY ROLLUP (country)
HAVING country IN ('USA', 'Canada') OR country IS NULL ORDER BY revenue;

-- what would happen, and that nothing contradicts
SELECT step, regexp_replace(detail, ' (REFERENCING|FOR EACH).*', ' ...') AS detail
  FROM segmentation.install_lock('customer', 'invoice', customer_segment => 'country', subscription_segment => 'billing_country', dry_run => true);

-- invoices hang on tracks by their lines, so a track cannot say where an invoice belongs
SELECT segmentation.install_lock('customer', 'invoice', customer_segment => 'country', offers => 'track');

SELECT count(*) > 0 AS installed
  FROM segmentation.install_lock('customer', 'invoice', customer_segment => 'country', subscription_segment => 'billing_country');
SELECT count(*), count(segment_locked_at) AS locked FROM customer;

-- a customer with invoices stays in its country; that is what the application sees
CALL lock_test.refused($$ UPDATE customer SET country = 'Canada' WHERE customer_id = 16 $$);
CALL lock_test.refused($$ UPDATE customer SET segment_locked_at = NULL WHERE customer_id = 16 $$);
CALL lock_test.refused($$ INSERT INTO invoice VALUES (413, 16, '2026-01-01', NULL, NULL, NULL, 'Canada', NULL, 9.99) $$);
CALL lock_test.refused($$ UPDATE invoice SET billing_country = 'Canada' WHERE customer_id = 16 $$);

-- the rest of the customer, and its next invoice
UPDATE customer SET city = 'San Francisco' WHERE customer_id = 16;
INSERT INTO invoice VALUES (413, 16, '2026-01-01', NULL, 'San Francisco', 'CA', 'USA', NULL, 9.99);

-- a move to another country needs the invoices out of the way
SELECT count(*) FROM segmentation.move_blockers('customer', '{16}', 'Canada');
SELECT segmentation.remove_lock('customer');
SELECT count(*) > 0 AS installed
  FROM segmentation.install_lock('customer', 'invoice', customer_segment => 'country', subscription_segment => 'billing_country',
    running_when => 'invoice_date >= date ''2026-01-01''');
DELETE FROM invoice WHERE invoice_id = 413;
SELECT customer_key, from_segment, to_segment, reason FROM segmentation.move_customer('customer', '{16}', 'Canada', 'moved to Vancouver');
INSERT INTO invoice VALUES (413, 16, '2026-01-01', NULL, 'Vancouver', 'BC', 'Canada', NULL, 9.99);
SELECT * FROM segmentation.lock_violations('customer');
SELECT billing_country, sum(currency_price(total, 'USD')) AS revenue FROM invoice WHERE customer_id = 16 GROUP BY 1 ORDER BY 1;

SET client_min_messages = warning;
DROP SCHEMA chinook, lock_test CASCADE;
