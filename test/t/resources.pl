# No function leaves anything behind: each one that the catalog has is called over
# and over, ten thousand times where that is cheap, left early and ended by an error
# in the middle.  Then the session has no more memory, temporary files, locks and
# snapshots than before, and the server's log has no warning of what was left to it
# to clear away.
use strict;
use warnings;
use Cwd;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('resources');
$node->init;
$node->append_conf('postgresql.conf', "log_statement = none\nlog_min_error_statement = panic\nautovacuum = off");
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION segmentation');

$ENV{PG_ABS_SRCDIR} = getcwd();
my $session = $node->background_psql('postgres', on_error_stop => 1);
$session->query("\\o /dev/null\n\\i sql/include/calls.sql\n\\o");
$session->query(<<'SQL');
SET search_path = hostile, public;
CREATE TABLE leak (function text, bytes bigint, calls int);

-- what the session has for longer than a statement; free space in it is no leak
CREATE FUNCTION kept_memory() RETURNS bigint LANGUAGE sql AS $$
    SELECT sum(used_bytes) FROM pg_backend_memory_contexts
    WHERE name !~ '^(TopTransactionContext|ExecutorState|ExprContext|SPI|PLpgSQL|CachedPlan|plpgsql|Portal|MessageContext|printtup|Tuple|Table function|HashTable|relation rules|index info|Subtransaction|CurTransaction)'
$$;

-- Calls a function over and over: one statement each, and one statement that calls a cheap
-- one ten thousand times: what reads no table.
CREATE FUNCTION repeat_call(call text, by_itself boolean) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
    since timestamptz := clock_timestamp();
    n int := 0;
    many int := 10000;
BEGIN
    WHILE n < 200 AND (n < 3 OR clock_timestamp() < since + interval '20 ms') LOOP
        PERFORM refused(call);
        n := n + 1;
    END LOOP;
    IF by_itself THEN
        RETURN n;
    END IF;
    PERFORM refused(CASE WHEN call ~ '^SELECT (\*|count|result)' THEN
            format('SELECT count(*) FROM (SELECT %s FROM generate_series(1, %s) OFFSET 0) AS many', substring(call FROM 'FROM (.*) AS result'), many)
        ELSE replace(call, 'generate_series(1, 2)', format('generate_series(1, %s)', many)) END);
    RETURN n + many;
END
$$;

-- rows that nobody fetches: the first of them only, and none after an error
CREATE PROCEDURE leave_early(call text) LANGUAGE plpgsql AS $$
DECLARE
    c refcursor;
    r record;
BEGIN
    BEGIN
        OPEN c FOR EXECUTE call;
        FETCH c INTO r;
        CLOSE c;
        OPEN c FOR EXECUTE call;
        FETCH c INTO r;
        RAISE division_by_zero;
    EXCEPTION WHEN OTHERS THEN
        NULL;
    END;
END
$$;
-- volatile, for the planner would call it but once
CREATE PROCEDURE exercise(function oid, name text, call text) LANGUAGE plpgsql AS $$
DECLARE
    alter text := format('ALTER ROUTINE %s %%s', function::regprocedure);
    was "char" := (SELECT provolatile FROM pg_proc WHERE oid = function AND prokind = 'f');
    cheap boolean := (SELECT prokind = 'a' OR (lanname = 'c' AND provolatile = 'i')
        FROM pg_proc p JOIN pg_language l ON l.oid = prolang WHERE p.oid = function);
    kept bigint[];
    n int;
BEGIN
    IF was <> 'v' THEN
        EXECUTE format(alter, 'VOLATILE');
    END IF;
    FOR round IN 1..3 LOOP
        CALL leave_early(call);
        n := repeat_call(call, round < 3 OR NOT cheap);
        kept[round] := kept_memory();
    END LOOP;
    INSERT INTO leak VALUES (name, kept[3] - kept[2], n);
    IF was <> 'v' THEN
        EXECUTE format(alter, CASE was WHEN 'i' THEN 'IMMUTABLE' ELSE 'STABLE' END);
    END IF;
END
$$;
SQL

# a call of each function that succeeds, where one does, and one that fails
my @functions = split /\n/, $session->query(<<'SQL');
\pset tuples_only on
\pset format unaligned
SELECT oid FROM member WHERE NOT 'internal'::regtype = ANY (types) AND result NOT IN ('internal'::regtype, 'trigger'::regtype) ORDER BY name, oid;
SQL
cmp_ok(scalar @functions, '>', 200, 'functions are looked at');
$session->query(<<'SQL');
CREATE PROCEDURE exercise_one(function oid) LANGUAGE plpgsql AS $$
DECLARE
    candidate text;
    good text;
    bad text;
    state text;
BEGIN
    FOR candidate IN SELECT c FROM calls(function) WITH ORDINALITY AS u(c, n) ORDER BY md5(c) LIMIT 40 LOOP
        SELECT r.state INTO state FROM refused(candidate) AS r;
        IF state = 'ZZZZZ' THEN
            good := coalesce(good, candidate);
        ELSE
            bad := coalesce(bad, candidate);
        END IF;
        EXIT WHEN good IS NOT NULL AND bad IS NOT NULL;
    END LOOP;
    CALL exercise(function, function::regprocedure::text, coalesce(good, bad));
    IF bad IS NOT NULL AND good IS NOT NULL THEN
        CALL exercise(function, function::regprocedure::text || ' failing', bad);
    END IF;
END
$$;
SQL
$session->query("CALL exercise_one($_);") for @functions;
# what makes tables fills the server's own caches with what it looks for in the catalogs
is($session->query(q{SELECT * FROM leak WHERE bytes > CASE WHEN function ~ '^segmentation\.(create_model|create_model_from|install_lock)\(' THEN 500000 ELSE 65536 END ORDER BY function;}),
	'', 'no function keeps memory from call to call');
cmp_ok($session->query(q{SELECT count(*) FROM leak WHERE calls >= 10000;}), '>', 100, 'many have been called ten thousand times');

# a refresh with more rows than its memory holds: done, ended by an error late in it, cancelled
$session->query(<<'SQL');
CREATE TABLE many AS SELECT i AS id, i % 7 AS score FROM generate_series(1, 20000) AS i;
ALTER TABLE many ADD PRIMARY KEY (id);
SELECT segmentation.create_model('many', 'hostile.many', '{id}');
SELECT segmentation.define_segment('many', 'odd', 'score % 2 = 1');
SELECT segmentation.refresh('many');
SET maintenance_work_mem = '1MB';
SET work_mem = '64kB';
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'refused'; END $$;
CREATE TRIGGER refuse AFTER UPDATE ON many_assignment FOR EACH STATEMENT EXECUTE FUNCTION refuse();
UPDATE many SET score = score + 1;
SQL
sub refresh_ends
{
	my ($sql, $state) = @_;
	return $session->query("SELECT state FROM refused(\$\$ $sql \$\$);");
}
is(refresh_ends(q{SELECT segmentation.refresh('many')}), 'P0001', 'a refresh is ended by an error');
$session->query('DROP TRIGGER refuse ON many_assignment;');
for my $milliseconds (5, 20, 60, 120)
{
	$session->query("SET statement_timeout = $milliseconds;");
	refresh_ends(q{SELECT segmentation.refresh('many')});
	$session->query('RESET statement_timeout;');
}
is(refresh_ends(q{SELECT * FROM segmentation.impact('many', segment => 'odd', rule => 'score > 3')}), 'ZZZZZ', 'an impact is told');
is($session->query(q{SELECT changed FROM segmentation.refresh('many');}), '20000', 'a refresh changes all');

# many subscriptions at once, of which the last is refused
$session->query(<<'SQL');
CREATE TABLE parted (id int, customer int NOT NULL REFERENCES customer, offer text NOT NULL REFERENCES offer) PARTITION BY HASH (id);
CREATE TABLE parted_0 PARTITION OF parted FOR VALUES WITH (MODULUS 1, REMAINDER 0);
SELECT segmentation.install_lock('hostile.customer', 'hostile.parted', offers => 'hostile.offer');
SQL
for my $table ('subscription', 'parted')
{
	my $insert = "INSERT INTO $table SELECT i + 100, 1 + i %% 20, CASE WHEN i = 20000 THEN 'solo' ELSE 'team' END FROM generate_series(1, %s) AS i";
	is(refresh_ends(sprintf $insert, 20000), '23514', "a subscription among many in $table is refused");
	is(refresh_ends(sprintf $insert, 19999), 'ZZZZZ', 'many are not');
	$session->query(sprintf "$insert;", 19999);
}

# a lock on more subscriptions than fit into memory
$session->query(<<'SQL');
CREATE TABLE bound (id int PRIMARY KEY, segment text);
CREATE TABLE binding (id int PRIMARY KEY, customer int NOT NULL REFERENCES bound, segment text);
INSERT INTO bound SELECT i, 'eu' FROM generate_series(1, 50000) AS i;
INSERT INTO binding SELECT i, i, 'eu' FROM generate_series(1, 50000) AS i;
SQL
is($session->query(q{SELECT count(*) > 0 FROM segmentation.install_lock('hostile.bound', 'hostile.binding');}), 't', 'a lock is installed on many subscriptions');
is($session->query(q{SELECT count(*) > 0 FROM segmentation.renew_lock('hostile.bound');}), 't', 'and renewed');
is($session->query(q{SELECT count(*) > 0 FROM segmentation.lock_violations('hostile.bound');}), 'f', 'and looked at');

my $pid = $session->query('SELECT pg_backend_pid();');
is($node->safe_psql('postgres', "SELECT count(*) FROM pg_locks WHERE pid = $pid AND locktype <> 'virtualxid'"), '0', 'no lock is left');
is($node->safe_psql('postgres', "SELECT backend_xmin IS NULL AND backend_xid IS NULL FROM pg_stat_activity WHERE pid = $pid"), 't', 'no snapshot');
is($node->safe_psql('postgres', 'SELECT count(*) FROM pg_ls_tmpdir()'), '0', 'no temporary file');
$session->quit;

my $log = slurp_file($node->logfile);
my @warnings = $log =~ /^.*WARNING: .*(?:leak|still referenced|not closed|snapshot|reference).*$/gm;
is("@warnings", '', 'the server has had to clear nothing away');
unlike($log, qr/terminated by signal|PANIC/, 'and has not fallen over');

done_testing();
