-- what an application's ALTER TABLE does to a key, and an owner's to a model's tables
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/model.sql'
\set ECHO none
\i :include
\set ECHO all
SET search_path = model_test, public;
SET TimeZone = 'UTC';
\pset format unaligned
\pset tuples_only on

-- a wider key: its values are not stored as those of the narrower type
CREATE TABLE customer (tenant int, id int, size int, PRIMARY KEY (tenant, id));
INSERT INTO customer VALUES (1, 1, 10), (1, 2, 20);
SELECT segmentation.create_model('service', 'customer', '{tenant,id}');
SELECT members FROM segmentation.define_segment('service', 'big', 'size > 15');
INSERT INTO service_override (tenant, id, segment, member, reason) VALUES (1, 1, 'big', true, 'by name');
SELECT appeared FROM segmentation.refresh('service', '2100-01-01');
ALTER TABLE customer ALTER id TYPE bigint;
INSERT INTO customer VALUES (1, 8589934594, 100);
CALL refused($$ SELECT segmentation.refresh('service') $$);
CALL refused($$ SELECT segmentation.classify('service', '1', '8589934594') $$);
CALL refused($$ SELECT * FROM segmentation.verify('service') $$);
CALL refused($$ SELECT segmentation.alter_model('service', source => 'customer') $$);
SELECT problem, customers FROM segmentation.impact('service', key => '{tenant,id}');
SELECT segmentation.alter_model('service', key => '{tenant,id}');
SELECT attrelid::regclass, atttypid::regtype FROM pg_attribute
 WHERE attname = 'id' AND attrelid IN (SELECT unnest(ARRAY[assignment, history, member, override, 'service_stay']) FROM segmentation.model) ORDER BY 1;
UPDATE customer SET size = 5 WHERE id = 2;
SELECT appeared, changed FROM segmentation.refresh('service', '2100-01-02');
SELECT id, segments FROM service_assignment ORDER BY id;
SELECT id, segment FROM service_member ORDER BY id;
SELECT id, segments, until IS NULL FROM service_at(now()) ORDER BY id;
SELECT id, left_at IS NULL FROM service_stay ORDER BY id;
SELECT * FROM segmentation.verify('service');
SELECT count(*) FROM pg_attribute WHERE attrelid = 'service_stay'::regclass AND attnum > 0 AND col_description(attrelid, attnum) IS NULL;

-- another name at the same time, and back to the narrower type, which a value may not fit
ALTER TABLE customer RENAME id TO number;
ALTER TABLE customer ALTER number TYPE numeric;
SELECT segmentation.alter_model('service', key => '{tenant,number}');
INSERT INTO customer VALUES (1, 3, 30);
SELECT appeared FROM segmentation.refresh('service', '2100-01-03');
DELETE FROM customer WHERE number > 3;
ALTER TABLE customer ALTER number TYPE int;
INSERT INTO customer VALUES (1, 4, 40);
CALL refused($$ SELECT segmentation.refresh('service') $$);
CALL refused($$ SELECT segmentation.alter_model('service', key => '{tenant,number}') $$);
SELECT segmentation.forget_customer('service', '1', '8589934594');
SELECT segmentation.alter_model('service', key => '{tenant,number}');
SELECT appeared FROM segmentation.refresh('service', '2100-01-04');
SELECT number, segments FROM service_assignment ORDER BY number;
SELECT * FROM segmentation.verify('service');

-- another text is no other key; a text that was a number is
CREATE TABLE account (code varchar(10) PRIMARY KEY);
INSERT INTO account VALUES ('a');
SELECT segmentation.create_model('accounts', 'account', '{code}');
SELECT appeared FROM segmentation.refresh('accounts');
ALTER TABLE account ALTER code TYPE text;
INSERT INTO account VALUES ('b');
SELECT appeared FROM segmentation.refresh('accounts');
ALTER TABLE account ALTER code TYPE int USING length(code) + (code = 'b')::int;
CALL refused($$ SELECT segmentation.refresh('accounts') $$);
CALL refused($$ SELECT segmentation.alter_model('accounts', key => '{code}') $$);

-- columns of a model's own tables that are of another type: nothing is read that is no such value
DROP VIEW service_member, service_stay;
DROP FUNCTION service_at(timestamptz);
DROP INDEX service_assignment_segments_idx;
ALTER TABLE service_assignment ALTER segments TYPE int USING 7;
CALL refused($$ SELECT segmentation.refresh('service') $$);
ALTER TABLE service_assignment ALTER segments TYPE segment_id[] USING '{}';
ALTER TABLE service_history ALTER version TYPE text;
CALL refused($$ SELECT segmentation.refresh('service') $$);
ALTER TABLE service_history ALTER version TYPE int USING version::int;
SELECT changed FROM segmentation.refresh('service', '2100-01-05');
ALTER TABLE service_override ALTER segment TYPE int USING 5;
CALL refused($$ UPDATE service_override SET reason = 'another' $$);
CALL refused($$ SELECT segmentation.refresh('service') $$);
DROP TABLE service_override;
SELECT segmentation.alter_model('service');
ALTER TABLE service_override ALTER author DROP DEFAULT, DROP CONSTRAINT author_given, ALTER author TYPE int USING 1;
CALL refused($$ INSERT INTO service_override (tenant, number, segment, member, reason, author) VALUES (1, 1, 'big', true, 'by name', 7);
    UPDATE service_override SET reason = 'another' $$);
-- the trigger on a table of somebody's own
CREATE TABLE other (id int, segment text, author int, set_at text);
CREATE TRIGGER check_override BEFORE UPDATE ON other FOR EACH ROW EXECUTE FUNCTION segmentation_internal.check_override();
INSERT INTO other VALUES (1, 'big', 7, 'now');
CALL refused($$ UPDATE other SET id = 2 $$);
ALTER TABLE other ALTER segment TYPE segment_id USING segment::segment_id;
CALL refused($$ UPDATE other SET id = 2 $$);
ALTER TABLE other ALTER author TYPE text;
CALL refused($$ UPDATE other SET id = 2 $$);
SELECT segmentation.drop_model('service'), segmentation.drop_model('accounts');
\set ECHO none
SET client_min_messages = warning;
DROP SCHEMA model_test CASCADE;
