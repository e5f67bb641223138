-- objects of each kind that a dump loses, and their like that it keeps
CREATE SCHEMA regress_dump;
SET search_path = regress_dump, public;
CREATE TABLE lost (n int, a segment_id, b segment_id, p currency_price, CONSTRAINT lost_check CHECK (a IS DISTINCT FROM b),
    d boolean DEFAULT 'a'::segment_id IS DISTINCT FROM 'b', g segment_id GENERATED ALWAYS AS (nullif(a, b)) STORED);
CREATE TABLE kept (n int, a segment_id, b segment_id, p currency_price, t text,
    CONSTRAINT kept_check CHECK ((a = b) IS NOT TRUE AND (a, b) <> ('x', 'y') AND n IS DISTINCT FROM 1 AND nullif(t, '') IS NOT NULL),
    d boolean DEFAULT 'a'::segment_id <> 'b', g segment_id GENERATED ALWAYS AS (CASE WHEN a = b THEN NULL ELSE a END) STORED);
CREATE INDEX lost_index ON lost (nullif(a, b));
CREATE INDEX lost_partial ON lost (a) WHERE p IS DISTINCT FROM '0 EUR';
CREATE INDEX kept_index ON kept ((p * 2)) WHERE p > '0 EUR' AND a IN ('x', 'y');
CREATE DOMAIN lost_domain AS segment_id CONSTRAINT lost_value CHECK (VALUE IS DISTINCT FROM 'a');
CREATE DOMAIN kept_domain AS segment_id CONSTRAINT kept_value CHECK (VALUE <> 'a');
CREATE FUNCTION lost_body(a segment_id, b segment_id) RETURNS boolean RETURN a IS DISTINCT FROM b;
CREATE FUNCTION lost_block(a segment_id) RETURNS SETOF segment_id BEGIN ATOMIC
    INSERT INTO kept (a) VALUES (lost_block.a); SELECT CASE k.a WHEN 'x' THEN k.b ELSE k.a END FROM kept AS k; END;
CREATE FUNCTION lost_argument(a boolean DEFAULT nullif('a'::segment_id, 'b') IS NULL) RETURNS boolean LANGUAGE sql AS 'SELECT a';
CREATE FUNCTION kept_body(a segment_id, b segment_id DEFAULT 'a') RETURNS boolean RETURN a = b;
CREATE FUNCTION touched() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER lost_trigger BEFORE UPDATE ON kept FOR EACH ROW WHEN (OLD.a IS DISTINCT FROM NEW.a) EXECUTE FUNCTION touched();
CREATE TRIGGER kept_trigger AFTER UPDATE ON kept FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION touched();
CREATE POLICY lost_policy ON kept USING (a IS DISTINCT FROM b) WITH CHECK (true);
CREATE POLICY kept_policy ON kept USING (a = b AND EXISTS (SELECT FROM kept AS k WHERE k.a = kept.b));
CREATE RULE lost_rule AS ON UPDATE TO kept WHERE OLD.p IS DISTINCT FROM NEW.p DO ALSO DELETE FROM kept WHERE n = 0;
CREATE RULE lost_action AS ON DELETE TO kept DO ALSO INSERT INTO kept (n) SELECT 1 WHERE OLD.a IS DISTINCT FROM OLD.b;
CREATE RULE kept_rule AS ON INSERT TO kept WHERE NEW.a = NEW.b DO ALSO UPDATE kept SET n = 2 WHERE a = NEW.a;
CREATE VIEW lost_distinct AS SELECT n FROM kept WHERE p IS NOT DISTINCT FROM '1 EUR';
CREATE VIEW lost_case AS SELECT CASE a WHEN 'x' THEN 1 END AS c FROM kept;
CREATE VIEW lost_using AS SELECT a FROM kept JOIN (SELECT a FROM kept) AS k USING (a);
CREATE VIEW lost_natural AS SELECT a FROM kept NATURAL JOIN (SELECT a FROM kept) AS k;
CREATE VIEW lost_rows AS SELECT n FROM kept WHERE (n, a) < (1, 'x');
CREATE VIEW lost_in AS SELECT n FROM kept WHERE (n, a) IN (SELECT n, b FROM kept);
CREATE MATERIALIZED VIEW lost_stored AS SELECT nullif(p, '0 EUR') AS p FROM kept;
CREATE VIEW kept_view AS SELECT a, greatest(a, b), (SELECT sum(p) FROM kept AS k WHERE k.a = o.a) FROM kept AS o
    WHERE (a, b) < (b, a) AND a IN ('x', 'y') AND p BETWEEN '1 EUR' AND '2 EUR' GROUP BY a, b ORDER BY a USING <;
CREATE DOMAIN lost_default AS boolean DEFAULT 'a'::segment_id IS DISTINCT FROM 'b';
CREATE DOMAIN kept_default AS segment_id DEFAULT 'a';
CREATE TABLE lost_key (a segment_id, n int) PARTITION BY LIST ((a IS DISTINCT FROM 'x'));
CREATE TABLE kept_key (a segment_id, p currency_price) PARTITION BY RANGE (a, (p * 2));
CREATE TABLE kept_partition PARTITION OF kept_key FOR VALUES FROM ('a', '1 EUR') TO ('b', '2 EUR');
CREATE STATISTICS lost_statistics ON (nullif(a, b)), n FROM lost;
CREATE STATISTICS kept_statistics ON (a = b), n FROM kept;
