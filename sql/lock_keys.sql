-- Keys that change hands: a foreign key is content when a key is somebody's,
-- the lock asks whose.

CREATE TABLE customer (id int PRIMARY KEY, name text, segment segment_id);
CREATE TABLE offer (id int PRIMARY KEY, name text, segment segment_id);
CREATE TABLE subscription (id int PRIMARY KEY,
    customer int NOT NULL CONSTRAINT of_customer REFERENCES customer,
    offer int NOT NULL CONSTRAINT to_offer REFERENCES offer);
INSERT INTO customer VALUES (1, 'Ada', 'eu'), (2, 'Bob', 'us'), (3, 'Cy', NULL);
INSERT INTO offer VALUES (1, 'basic', 'eu'), (2, 'basic', 'us'), (3, 'extra', 'eu');
INSERT INTO subscription VALUES (1, 1, 1);
SELECT step, detail FROM segmentation.install_lock('customer', 'subscription', offers => 'offer') WHERE step = 'lock';

CREATE VIEW facts AS
    SELECT c.id, c.name, c.segment, c.segment_locked_at IS NOT NULL AS locked, o.name AS offer, o.segment AS offered
      FROM customer c LEFT JOIN subscription s ON s.customer = c.id LEFT JOIN offer o ON o.id = s.offer
     ORDER BY c.id;

-- runs a statement and says how it failed
CREATE FUNCTION attempt(statement text) RETURNS TABLE (state text, message text, detail text, hint text, constraint_name text, table_name text)
LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE statement;
    state := 'done';
    RETURN NEXT;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL,
        hint = PG_EXCEPTION_HINT, constraint_name = CONSTRAINT_NAME, table_name = TABLE_NAME;
    RETURN NEXT;
END $$;
\x on

-- Deleted and inserted in one statement: the key never lacks a customer.
SELECT * FROM attempt($$ WITH gone AS (DELETE FROM customer WHERE id = 1 RETURNING id)
                         INSERT INTO customer SELECT id, 'Ann', 'us' FROM gone $$);
-- Given to another customer in one statement.
SELECT * FROM attempt($$ WITH gone AS (DELETE FROM customer WHERE id = 1 RETURNING id)
                         UPDATE customer SET id = gone.id FROM gone WHERE customer.id = 2 $$);
-- A trigger that puts somebody else in the place of whoever is deleted.
CREATE FUNCTION replace_customer() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN INSERT INTO customer VALUES (OLD.id, 'Ann', 'us'); RETURN NULL; END $$;
CREATE TRIGGER "A_replace" AFTER DELETE ON customer FOR EACH ROW EXECUTE FUNCTION replace_customer();
SELECT * FROM attempt('DELETE FROM customer WHERE id = 1');
DROP TRIGGER "A_replace" ON customer;
\x off
SELECT * FROM facts;

-- In the segment of the subscriptions it is fine, and the new customer is locked;
-- one without a segment takes theirs.
WITH gone AS (DELETE FROM customer WHERE id = 1 RETURNING id)
    INSERT INTO customer SELECT id, 'Ann', 'eu' FROM gone;
SELECT * FROM facts WHERE id = 1;
WITH gone AS (DELETE FROM customer WHERE id = 1 RETURNING id)
    UPDATE customer SET id = gone.id FROM gone WHERE customer.id = 3;
SELECT * FROM facts WHERE id = 1;

-- A locked customer without subscriptions is deleted as ever.
INSERT INTO subscription VALUES (2, 2, 2);
DELETE FROM subscription WHERE id = 2;
DELETE FROM customer WHERE id = 2;

-- Offers: the same, by delete and insert, or by an exchange of keys.
\x on
SELECT * FROM attempt($$ WITH gone AS (DELETE FROM offer WHERE id = 1 RETURNING id)
                         INSERT INTO offer SELECT id, 'new', 'us' FROM gone $$);
SELECT * FROM attempt('UPDATE offer SET id = CASE id WHEN 1 THEN 9 ELSE 1 END WHERE id < 3');
\x off
UPDATE offer SET id = CASE id WHEN 1 THEN 9 ELSE 1 END WHERE id IN (1, 3);
SELECT * FROM facts WHERE id = 1;
DELETE FROM offer WHERE id = 9;

-- A foreign key that has become deferrable needs a new lock.
ALTER TABLE subscription ALTER CONSTRAINT of_customer DEFERRABLE INITIALLY DEFERRED;
\x on
SELECT * FROM attempt('INSERT INTO subscription VALUES (2, 1, 1)');
\x off
SELECT segmentation.remove_lock('customer');
ALTER TABLE subscription ALTER CONSTRAINT to_offer DEFERRABLE INITIALLY DEFERRED;
SELECT step, detail FROM segmentation.install_lock('customer', 'subscription', offers => 'offer') WHERE step = 'lock';
SELECT argument, value FROM segmentation.lock WHERE argument = 'deferrable';

-- Now a transaction may take its time, and still does not get away with it.
BEGIN;
DELETE FROM offer WHERE id = 1;
\x on
SELECT * FROM attempt($$ INSERT INTO offer VALUES (1, 'new', 'us') $$);
SELECT * FROM attempt('UPDATE offer SET id = 1 WHERE id = 2');
\x off
INSERT INTO offer VALUES (1, 'new', 'eu');
COMMIT;
SELECT * FROM facts WHERE id = 1;

BEGIN;
DELETE FROM customer WHERE id = 1;
INSERT INTO customer VALUES (7, 'Dee', 'us');
\x on
SELECT * FROM attempt('UPDATE customer SET id = 1 WHERE id = 7');
\x off
UPDATE customer SET id = 1, segment = 'eu' WHERE id = 7;
COMMIT;
SELECT * FROM facts;
SELECT * FROM segmentation.lock_violations('customer');

DROP VIEW facts;
DROP TABLE subscription, offer, customer;
DROP FUNCTION attempt, replace_customer;
