-- whatever names and conditions are spelled like, they are kept and read as they are
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/lock.sql'
\set ECHO none
\i :include
\set ECHO all
SET search_path = lock_test, public;

-- conditions
CREATE TABLE customers (id int PRIMARY KEY, segment segment_id);
CREATE TABLE subscriptions (id int PRIMARY KEY, customer_id int NOT NULL REFERENCES customers, segment segment_id, status text);
INSERT INTO customers VALUES (1, 'eu');
INSERT INTO subscriptions VALUES (1, 1, 'eu', 'A');
CREATE PROCEDURE try_condition(condition text) LANGUAGE plpgsql AS $$
DECLARE
    kept text;
    call text;
BEGIN
    PERFORM segmentation.install_lock('customers', 'subscriptions', running_when => condition);
    SELECT value INTO kept FROM segmentation.lock WHERE argument = 'running_when';
    INSERT INTO subscriptions VALUES (2, 1, 'eu', 'B');
    PERFORM segmentation.renew_lock('customers');
    call := segmentation.remove_lock('customers');
    EXECUTE call;
    RAISE INFO '% is kept as %, and again: %', condition, kept,
        kept = (SELECT value FROM segmentation.lock WHERE argument = 'running_when');
    DELETE FROM subscriptions WHERE id = 2;
    PERFORM segmentation.remove_lock('customers');
END
$$;
CALL try_condition($$status LIKE 'A%'$$);
CALL try_condition($$status <> '100%%'$$);
CALL try_condition($$status <> '%1$s' AND status <> '%s%I%L%' AND status NOT LIKE '%\%'$$);
CALL try_condition($$status <> 'it''s' AND status <> '"'$$);
CALL try_condition($$status <> E'\\ \\1 \\& \n'$$);
CALL try_condition('status <> $a$ $$ $q$ $1 $a$');
CALL try_condition($$status <> '@types@ @extschema@ MODULE_PATHNAME'$$);
CALL try_condition($$status <> 'a=b' AND status <> 'deferrable=customers' AND status <> '{},"'$$);

-- a subscription is judged by what the condition says
SELECT count(*) > 0 AS installed FROM segmentation.install_lock('customers', 'subscriptions', running_when => $$status LIKE 'A%'$$);
CALL refused($$ INSERT INTO subscriptions VALUES (2, 1, 'us', 'A2') $$);
INSERT INTO subscriptions VALUES (2, 1, 'us', 'B2');
DROP TABLE subscriptions, customers;

-- names: of the schema, tables, columns
CREATE PROCEDURE try_name(name text) LANGUAGE plpgsql AS $$
#variable_conflict use_variable
DECLARE
    customers text := format('lock_test.%I', 'c' || name);
    subscriptions_table text := format('lock_test.%I', 's' || name);
    offers text := format('lock_test.%I', 'o' || name);
BEGIN
    EXECUTE format('CREATE TABLE %s (%I int PRIMARY KEY, %I segment_id)', customers, 'id' || name, 'segment' || name);
    EXECUTE format('CREATE TABLE %s (%I text PRIMARY KEY, %I segment_id)', offers, 'code' || name, 'segment' || name);
    EXECUTE format('CREATE TABLE %s (id int PRIMARY KEY, %I int NOT NULL REFERENCES %s, %I text REFERENCES %s, %I text)', subscriptions_table,
                   'customer' || name, customers, 'offer' || name, offers, 'status' || name);
    EXECUTE format('INSERT INTO %s VALUES (1, ''eu''), (2, NULL)', customers);
    EXECUTE format('INSERT INTO %s VALUES (''basic'', ''eu'')', offers);
    EXECUTE format('INSERT INTO %s VALUES (1, 1, ''basic''), (2, 2, ''basic'')', subscriptions_table);
    PERFORM segmentation.install_lock(customers::regclass, subscriptions_table::regclass, customer_segment => 'segment' || name, offers => offers::regclass,
                                      running_when => format('%I IS NULL', 'status' || name));
    PERFORM segmentation.renew_lock(customers::regclass);
    PERFORM segmentation.move_customer(customers::regclass, '{1}', 'eu', name);
    EXECUTE segmentation.remove_lock(customers::regclass);
    BEGIN
        EXECUTE format('UPDATE %s SET %I = ''us''', customers, 'segment' || name);
    EXCEPTION WHEN check_violation THEN
        RAISE INFO '%',  (SELECT string_agg(argument || ' ' || value, ', ') FROM segmentation.lock WHERE lock.subscriptions = subscriptions_table::regclass);
    END;
    EXECUTE format('DROP TABLE %s, %s, %s', subscriptions_table, offers, customers);
END
$$;
SET client_min_messages = warning;
CALL try_name('%u');
CALL try_name('%');
CALL try_name('%%s%1$s');
CALL try_name('\');
CALL try_name('''');
CALL try_name('"');
CALL try_name('$$');
CALL try_name('@types@');
CALL try_name('@extschema@');
CALL try_name(', a.b=c');
DROP SCHEMA lock_test CASCADE;
