-- people's decisions, which beat the rules
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/model.sql'
\set ECHO none
\i :include
\set ECHO all
SET search_path = model_test, public;
SET TimeZone = 'UTC';
\pset format unaligned
\pset tuples_only on
CREATE TABLE customer (id int PRIMARY KEY, size int, market text);
INSERT INTO customer SELECT i, i * 10, CASE i % 3 WHEN 0 THEN 'FR' WHEN 1 THEN 'de' END FROM generate_series(1, 10) i;
SELECT segmentation.create_model('land', 'customer', '{id}', 'column', segment_column => 'market');
SELECT segmentation.create_model('tier', 'customer', '{id}', 'exclusive');
SELECT segmentation.create_model('service', 'customer', '{id}');
SELECT count(segmentation.define_segment('land', s)) FROM unnest('{fr,de,es}'::text[]) s;
SELECT segmentation.define_segment('tier', 'gold', 'size > 80', rank => 1);
SELECT segmentation.define_segment('tier', 'silver', 'size > 60', rank => 2);
SELECT segmentation.define_segment('tier', 'rest', rank => 3);
SELECT segmentation.define_segment('service', 'big', 'size > 70');
SELECT segmentation.define_segment('service', 'small', 'not in_segment(''big'')');
SELECT segmentation.define_segment('service', 'pilots');
SELECT segmentation.define_segment('service', 'null', 'in_segment(''tier'', ''gold'') or in_segment(''land'', ''fr'')');
CREATE FUNCTION answer(int) RETURNS text LANGUAGE sql AS $$
    SELECT format('%s %s %s', s.segments, t.segments, l.segments)
      FROM service_assignment s JOIN tier_assignment t USING (id) JOIN land_assignment l USING (id) WHERE id = $1
$$;
-- refreshes all, and says where stored answers are not what verify and classify say
CREATE FUNCTION refreshed(as_of timestamptz) RETURNS TABLE (changed bigint, wrong bigint) LANGUAGE plpgsql AS $$
BEGIN
    SELECT sum(r.changed) INTO changed FROM unnest('{land,tier,service}'::text[]) m, segmentation.refresh(m, as_of) r;
    SELECT count(*) INTO wrong FROM unnest('{land,tier,service}'::text[]) m, segmentation.verify(m);
    SELECT wrong + count(*) INTO wrong FROM (SELECT 'land' AS model, a.* FROM land_assignment a UNION ALL
            SELECT 'tier', a.* FROM tier_assignment a UNION ALL SELECT 'service', a.* FROM service_assignment a) a
     WHERE segments IS DISTINCT FROM segmentation.classify(model, id::text);
    RETURN NEXT;
END
$$;
SELECT * FROM refreshed('2100-01-01');
SELECT id, answer(id) FROM customer ORDER BY id;

-- the table: a reason, an author, a segment of the model; who changes a decision is its author
CALL refused($$ INSERT INTO tier_override (id, set_at, segment, member, reason) VALUES (1, '2100-01-01', 'gold', true, ' ') $$);
CALL refused($$ INSERT INTO tier_override (id, set_at, segment, member) VALUES (1, '2100-01-01', 'gold', true) $$);
CALL refused($$ INSERT INTO tier_override (id, set_at, segment, reason) VALUES (1, '2100-01-01', 'gold', 'why') $$);
CALL refused($$ INSERT INTO tier_override (id, set_at, segment, member, reason, author) VALUES (1, '2100-01-01', 'gold', true, 'why', '') $$);
CALL refused($$ INSERT INTO tier_override (id, set_at, segment, member, reason, expires_at) VALUES (1, '2100-01-01', 'gold', true, 'why', 'infinity') $$);
CALL refused($$ INSERT INTO tier_override (id, set_at, segment, member, reason) VALUES (1, '2100-01-01', 'pilots', true, 'why') $$);
CALL refused($$ INSERT INTO tier_override (id, set_at, member, reason) VALUES (1, '2100-01-01', true, 'why') $$);
INSERT INTO tier_override (id, segment, member, reason, author) VALUES (1, 'Gold', true, 'a partner', 'ann');
CALL refused($$ INSERT INTO tier_override (id, segment, member, reason) VALUES (1, 'gold', false, 'again') $$);
CALL refused($$ UPDATE tier_override SET segment = 'pilots' $$);
UPDATE tier_override SET author = 'bob';
SELECT author, set_at <= clock_timestamp() FROM tier_override;
UPDATE tier_override SET reason = 'a good partner' RETURNING author = session_user, segment, member;
CALL refused($$ CREATE TABLE other (id int); CREATE TRIGGER t AFTER INSERT ON other FOR EACH ROW EXECUTE FUNCTION segmentation_internal.check_override(); INSERT INTO other VALUES (1) $$);
CALL refused($$ CREATE TABLE other (id int); CREATE TRIGGER t BEFORE INSERT ON other FOR EACH ROW EXECUTE FUNCTION segmentation_internal.check_override(); INSERT INTO other VALUES (1) $$);

-- in an exclusive model the customer leaves the segment that the rules gave, and where one is taken out the next rank has it
INSERT INTO tier_override (id, segment, member, reason) VALUES (9, 'gold', false, 'in arrears'), (10, 'rest', true, 'a test account'),
    (7, 'silver', false, 'moves on'), (8, 'silver', true, 'stays'), (2, 'rest', false, 'in none');
-- other models see it; a list by hand, and out of what a rule gives
INSERT INTO service_override (id, segment, member, reason) VALUES (1, 'pilots', true, 'asked for it'), (2, 'pilots', false, 'has not'),
    (3, 'big', true, 'will be'), (9, 'big', false, 'was'), (4, 'null', true, 'by name');
INSERT INTO land_override (id, segment, member, reason) VALUES (1, 'fr', true, 'moved'), (3, 'fr', false, 'moving'), (2, 'es', true, 'new'),
    (6, 'fr', true, 'confirmed'), (5, 'de', false, 'is none');
SELECT * FROM refreshed('2100-01-01');
SELECT id, answer(id) FROM customer ORDER BY id;
SELECT 'tier', id, segments, cause FROM tier_history UNION ALL SELECT 'service', id, segments, cause FROM service_history ORDER BY 1, 2;
SELECT e.* FROM segmentation.explain_customer('service', '1') e WHERE segment IN ('null', 'pilots');
SELECT segmentation.model_sql('service');
SELECT segmentation.model_sql('land');

-- of several in an exclusive model the first by rank counts, in one of a column the first by name
INSERT INTO tier_override (id, segment, member, reason) VALUES (10, 'silver', true, 'rather'), (10, 'gold', false, 'not');
INSERT INTO land_override (id, segment, member, reason) VALUES (1, 'de', true, 'back');
SELECT changed, wrong, answer(1), answer(10) FROM refreshed('2100-01-01');
SELECT customer, segment, status FROM segmentation.model_overrides('tier') WHERE '10' = ANY (customer);
SELECT customer, segment, status FROM segmentation.model_overrides('land') WHERE '1' = ANY (customer);
DELETE FROM tier_override WHERE id = 10 AND segment = 'silver';
DELETE FROM land_override WHERE id = 1 AND segment = 'de';
SELECT * FROM refreshed('2100-01-01');

-- an end is a moment to look again, also for who asks from another model; it happens by itself at the next refresh
UPDATE tier_override SET expires_at = '2100-02-01' WHERE id IN (1, 10);
UPDATE service_override SET expires_at = '2100-03-01' WHERE id IN (1, 3);
UPDATE land_override SET expires_at = '2100-01-15' WHERE id = 1;
SELECT * FROM refreshed('2100-01-01');
SELECT id, s.recheck_at, t.recheck_at, l.recheck_at FROM service_assignment s JOIN tier_assignment t USING (id) JOIN land_assignment l USING (id)
 WHERE num_nulls(s.recheck_at, t.recheck_at, l.recheck_at) < 3 ORDER BY id;
SELECT changed, wrong, answer(1) FROM refreshed('2100-01-14 23:59:59.999999');
SELECT changed, wrong, answer(1) FROM refreshed('2100-01-15');
SELECT changed, wrong, answer(1), answer(10) FROM refreshed('2100-02-01');
SELECT id, segments, cause FROM tier_history WHERE id IN (1, 10) ORDER BY since DESC LIMIT 2;
SELECT changed, wrong, answer(1), answer(3) FROM refreshed('2100-03-01');
SELECT id, segments, cause FROM service_history ORDER BY since DESC, id LIMIT 3;
SELECT id FROM service_assignment WHERE recheck_at IS NOT NULL;
-- data that has changed at the same time
UPDATE customer SET size = 100 WHERE id = 2;
UPDATE service_override SET expires_at = '2100-03-02' WHERE id = 2;
SELECT * FROM refreshed('2100-03-02');
SELECT id, segments, cause FROM service_history ORDER BY since DESC LIMIT 1;

-- kept where the customer vanishes, and in force again when it comes back
DELETE FROM customer WHERE id IN (4, 8);
SELECT * FROM refreshed('2100-04-01');
SELECT customer, segment, member, reason, status FROM segmentation.model_overrides('Service');
SELECT customer, segment, member, status FROM segmentation.model_overrides('tier');
SELECT id, segments, cause FROM service_history ORDER BY since DESC, id LIMIT 2;
INSERT INTO customer VALUES (4, 40, 'de'), (8, 80, NULL);
SELECT changed, wrong, answer(4), answer(8) FROM refreshed('2100-04-02');

-- a rule that fails keeps its members, and decisions about them go on; when one ends meanwhile the customer stays as it is
SET client_min_messages = error;
SELECT segmentation.define_segment('service', 'ratio', '100 / (size - 50) > 2');
INSERT INTO service_override (id, segment, member, reason, expires_at) VALUES (1, 'ratio', true, 'for now', '2100-06-01');
SELECT failed FROM segmentation.refresh('service', '2100-05-01');
SELECT answer(1), answer(6), answer(7);
INSERT INTO service_override (id, segment, member, reason) VALUES (6, 'ratio', false, 'not him'), (7, 'ratio', true, 'him');
SELECT failed FROM segmentation.refresh('service', '2100-05-01');
SELECT answer(1), answer(6), answer(7), count(*) FROM segmentation.verify('service');
SELECT failed FROM segmentation.refresh('service', '2100-06-01');
SELECT answer(1), count(*) FROM segmentation.verify('service');
UPDATE customer SET size = 51 WHERE id = 5;
SELECT changed, wrong, answer(1) FROM refreshed('2100-06-01');
SELECT segmentation.drop_segment('service', 'ratio');
RESET client_min_messages;

-- what a rule would give, beside what people have decided
SELECT id, s.segments @> '{big}' AS big, o.member FROM service_assignment s LEFT JOIN service_override o USING (id) WHERE o.segment = 'big';
SELECT members, entering, leaving FROM segmentation.preview('service', 'false', 'big', as_of => '2100-02-28');
SELECT members, entering, leaving FROM segmentation.preview('service', 'true', 'big', as_of => '2100-07-01');
SELECT * FROM segmentation.preview_changes('service', 'true', 'big', as_of => '2100-07-01');
SELECT members, entering, leaving FROM segmentation.preview('tier', 'true', 'gold', as_of => '2100-07-01');
SELECT * FROM segmentation.preview_changes('tier', 'true', 'gold', as_of => '2100-07-01');
SELECT members, "unknown" FROM segmentation.preview('service', 'in_segment(''land'', ''fr'')', as_of => '2100-07-01');
SELECT * FROM segmentation.define_segment('service', 'big', 'size > 75');
SELECT * FROM segmentation.define_segment('service', 'pilots', title => 'Pilots');
SELECT * FROM segmentation.define_segment('tier', 'gold', 'size > 85');
SELECT * FROM segmentation.define_segment('land', 'fr', title => 'France');
SELECT segment, count(*) FROM (SELECT id, segment FROM service_member UNION ALL SELECT id, segment FROM tier_member UNION ALL SELECT id, segment FROM land_member) m
 WHERE segment IN ('big', 'pilots', 'gold', 'fr') GROUP BY 1 ORDER BY 1;

-- with their segment decisions go, with their customer too, and with their model the table
SELECT count(*) FROM refreshed('2100-08-01');
SELECT affected_segment, customers, leaving FROM segmentation.impact('service', 'null') WHERE affected_segment IS NOT NULL;
SELECT segmentation.drop_segment('service', 'null');
SELECT segmentation.define_segment('service', 'null', 'size > 95');
SELECT changed, wrong, answer(4) FROM refreshed('2100-08-02');
DELETE FROM customer WHERE id = 9;
SELECT count(*) FROM tier_override WHERE id = 9;
SELECT segmentation.forget_customer('tier', '9') >= 2;
SELECT count(*) FROM tier_override WHERE id = 9;
SELECT segmentation.alter_model('tier', rename => 'rank');
INSERT INTO tier_override (id, segment, member, reason) VALUES (5, 'gold', true, 'after the renaming');
CALL refused($$ INSERT INTO tier_override (id, segment, member, reason) VALUES (5, 'copper', true, 'none') $$);
SELECT changed FROM segmentation.refresh('rank', '2100-08-02');
SELECT segmentation.alter_model('rank', rename => 'tier');

-- a model that was made before there were overrides, or has lost its table of them
SELECT segmentation.define_segment('service', 'null', 'size > 90');
DROP TABLE tier_override;
SELECT * FROM refreshed('2100-09-01');
SELECT count(*) FROM segmentation.model_overrides('tier');
UPDATE segmentation.model SET override = NULL WHERE id = 'tier';
SELECT segmentation.alter_model('tier');
INSERT INTO tier_override (id, segment, member, reason) VALUES (1, 'gold', true, 'once more');
SELECT changed, wrong, answer(1) FROM refreshed('2100-09-02');
CREATE TABLE "clash_override" ();
CALL refused($$ SELECT segmentation.create_model('clash', 'customer', '{id}') $$);

-- who may decide is a grant: without the column of the author nobody decides in another's name
SET client_min_messages = warning;
DROP ROLE IF EXISTS regress_override_clerk, regress_override_owner;
RESET client_min_messages;
CREATE ROLE regress_override_clerk;
CREATE ROLE regress_override_owner;
SET ROLE regress_override_clerk;
CALL refused($$ INSERT INTO tier_override (id, segment, member, reason) VALUES (2, 'gold', true, 'mine') $$);
CALL refused($$ SELECT * FROM segmentation.model_overrides('tier') $$);
RESET ROLE;
GRANT INSERT (id, segment, member, reason, expires_at), UPDATE (member, reason, expires_at) ON tier_override TO regress_override_clerk;
GRANT SELECT (id, segment) ON tier_override TO regress_override_clerk;
SET SESSION AUTHORIZATION regress_override_clerk;
INSERT INTO tier_override (id, segment, member, reason) VALUES (2, 'gold', true, 'mine');
CALL refused($$ INSERT INTO tier_override (id, segment, member, reason, author) VALUES (3, 'gold', true, 'mine', 'ann') $$);
UPDATE tier_override SET member = false WHERE id = 1;
RESET SESSION AUTHORIZATION;
SELECT id, segment, member, author FROM tier_override ORDER BY id;

-- whose model asks for another's segments must be able to read what has been decided there; else its segment waits
GRANT USAGE, CREATE ON SCHEMA model_test TO regress_override_owner;
GRANT SELECT ON customer, tier_assignment, tier_override TO regress_override_owner;
SET ROLE regress_override_owner;
SELECT segmentation.create_model('asking', 'customer', '{id}');
SELECT * FROM segmentation.define_segment('asking', 'golden', 'in_segment(''tier'', ''gold'')');
SELECT * FROM segmentation.define_segment('asking', 'one', 'id = 1');
SELECT failed FROM segmentation.refresh('asking');
RESET ROLE;
REVOKE SELECT ON tier_override FROM regress_override_owner;
SELECT failed FROM segmentation.refresh('asking');
SELECT segment, status, sqlstate, message FROM segmentation.model_status('asking');
GRANT SELECT (id, segment, member, expires_at) ON tier_override TO regress_override_owner;
SELECT failed FROM segmentation.refresh('asking');
SET ROLE regress_override_owner;
SELECT segmentation.classify('asking', '2');
SELECT * FROM segmentation.verify('asking');
SELECT segmentation.drop_model('asking');
RESET ROLE;

-- several columns of a key, and names that need quotes; a key column that is renamed
CREATE TABLE "Two" ("Tenant" int, name varchar(5) COLLATE "C", size int, PRIMARY KEY ("Tenant", name));
INSERT INTO "Two" VALUES (1, 'a''b', 1), (1, 'x', 2), (2, 'x', 3);
SELECT segmentation.create_model('two', '"Two"', '{Tenant,name}', prefix => 'Of two', kind => 'exclusive');
SELECT segmentation.define_segment('two', 'one', 'size = 1', rank => 1);
SELECT segmentation.define_segment('two', 'other', rank => 2);
INSERT INTO "Of two_override" ("Tenant", name, segment, member, reason, expires_at) VALUES (1, 'x', 'one', true, 'so', '2100-01-01'), (1, 'a''b', 'other', false, 'so', NULL), (3, 'y', 'one', true, 'none', NULL);
SELECT appeared FROM segmentation.refresh('two');
SELECT "Tenant", name, segments, recheck_at FROM "Of two_assignment" ORDER BY 1, 2;
ALTER TABLE "Two" RENAME "Tenant" TO tenant;
SELECT segmentation.alter_model('two', key => '{tenant,name}');
UPDATE "Of two_override" SET expires_at = NULL;
SELECT changed FROM segmentation.refresh('two');
SELECT customer, segment, status FROM segmentation.model_overrides('two');
SELECT * FROM segmentation.verify('two');
SELECT segmentation.drop_model('two');
SELECT to_regclass('"Of two_override"');

-- decisions about a market that is deleted stay and do nothing, and count again once it is there
INSERT INTO segmentation.market (id, currency) VALUES ('fr', 'EUR'), ('de', 'EUR');
CREATE TABLE buyer (id int PRIMARY KEY, market text);
INSERT INTO buyer VALUES (1, 'fr'), (2, 'fr'), (3, 'de'), (4, 'de');
SELECT segmentation.alter_model('market', source => 'buyer', key => '{id}', segment_column => 'market');
INSERT INTO market_override (id, segment, member, reason) VALUES (1, 'de', true, 'moved'), (3, 'fr', true, 'moved'), (4, 'de', false, 'closed');
SELECT appeared FROM segmentation.refresh('market');
SELECT id, segments FROM market_assignment ORDER BY id;
DELETE FROM segmentation.market WHERE id = 'de';
SELECT customer, segment, status FROM segmentation.model_overrides('market');
SELECT * FROM segmentation.verify('market');
SELECT id, segmentation.classify('market', id::text) FROM market_assignment ORDER BY id;
UPDATE buyer SET market = 'fr' WHERE market = 'de';
SELECT changed FROM segmentation.refresh('market');
SELECT id, segments, segmentation.classify('market', id::text) FROM market_assignment ORDER BY id;
SELECT * FROM segmentation.verify('market');
CALL refused($$ INSERT INTO market_override (id, segment, member, reason) VALUES (2, 'de', true, 'moved') $$);
INSERT INTO segmentation.market (id, currency) VALUES ('de', 'EUR');
UPDATE buyer SET market = 'de' WHERE id > 2;
SELECT customer, segment, status FROM segmentation.model_overrides('market');
SELECT changed FROM segmentation.refresh('market');
SELECT id, segments FROM market_assignment ORDER BY id;
SELECT * FROM segmentation.verify('market');
DELETE FROM segmentation.market;
SELECT segmentation.drop_model('market');

-- where nobody has decided anything nothing is joined
TRUNCATE tier_override, land_override, service_override;
SELECT segmentation.model_sql(m) ~ 'override|JOIN' FROM unnest('{land,tier,service}'::text[]) m;
INSERT INTO tier_override (id, segment, member, reason, expires_at) VALUES (1, 'gold', true, 'has ended', '2100-09-02');
SELECT segmentation.model_sql(m) ~ 'override|JOIN' FROM unnest('{land,tier,service}'::text[]) m;

-- whatever is decided, stored answers, verify and classify agree
SELECT setseed(0.42);
CREATE PROCEDURE decide(model text, segments text[], moment timestamptz) LANGUAGE plpgsql AS $$
BEGIN
    FOR i IN 1..4 LOOP
        EXECUTE format('INSERT INTO %I (id, segment, member, reason, expires_at) VALUES ($1, $2, $3, ''random'', $4) '
                       'ON CONFLICT (id, segment) DO UPDATE SET member = excluded.member, expires_at = excluded.expires_at', model || '_override')
          USING (random() * 12)::int, segments[1 + (random() * (cardinality(segments) - 1))::int]::segment_id, random() < 0.6,
                CASE WHEN random() < 0.7 THEN moment + random() * interval '3 days' END;
    END LOOP;
    EXECUTE format('DELETE FROM %I WHERE random() < 0.2', model || '_override');
END
$$;
CREATE TABLE outcome (step int, changed bigint, wrong bigint);
DO $$
DECLARE
    moment timestamptz := '2100-10-01';
BEGIN
    FOR step IN 1..16 LOOP
        CALL decide('land', '{fr,de,es}', moment);
        CALL decide('tier', '{gold,silver,rest}', moment);
        CALL decide('service', '{big,small,pilots,"null"}', moment);
        UPDATE customer SET size = (random() * 12)::int * 10, market = (ARRAY['fr', 'DE', NULL])[1 + (random() * 2)::int] WHERE random() < 0.2;
        IF step % 4 = 0 THEN
            PERFORM segmentation.define_segment('service', 'null', format('not in_segment(''tier'', %L) and in_segment(''land'', ''de'')',
                (ARRAY['gold', 'silver', 'rest'])[1 + step / 4 % 3]), "count" => false);
        END IF;
        INSERT INTO outcome SELECT step, r.* FROM refreshed(moment) r;
        COMMIT;
        moment := moment + random() * interval '1 day';
    END LOOP;
END
$$;
SELECT count(*), sum(changed) > 100 AS many, sum(wrong) FROM outcome;
SELECT cause, count(*) > 5 AS many FROM service_history GROUP BY 1 ORDER BY 1;

SELECT segmentation.drop_model(m) FROM unnest('{service,tier,land}'::text[]) m;
SELECT count(*) FROM pg_class WHERE relname ~ '_override' AND relname <> 'clash_override' AND relkind = 'r';
\set ECHO none
SET client_min_messages = warning;
DROP SCHEMA model_test CASCADE;
DROP ROLE regress_override_clerk, regress_override_owner;
