# A physical standby answers what its primary answers, and has it when it is
# promoted; a logical subscriber gets the values and the publisher's locks, and
# lock_violations finds there what contradicts.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(allows_streaming => 'logical');
$primary->start;
$primary->safe_psql('postgres', <<'SQL');
CREATE EXTENSION segmentation;
CREATE TABLE customer (id int PRIMARY KEY, segment segment_id, paid currency_price, score int, last_login timestamptz, name text);
CREATE TABLE subscription (id int PRIMARY KEY, customer int NOT NULL REFERENCES customer, segment segment_id);
CREATE INDEX ON customer (paid);
INSERT INTO customer
    SELECT i, CASE i % 3 WHEN 0 THEN NULL WHEN 1 THEN 'eu' ELSE 'us' END, currency_price(i, 'EUR'), i % 11, '2026-01-01'::timestamptz - i * interval '1 day'
    FROM generate_series(1, 100) AS i;
SELECT segmentation.install_lock('customer', 'subscription');
INSERT INTO subscription SELECT id, id, coalesce(segment, 'eu') FROM customer WHERE id <= 50;
INSERT INTO segmentation.exchange_rate VALUES ('EUR', 'USD', '2024-01-01', 1.1);
INSERT INTO segmentation.market (id, currency, countries) VALUES ('fr', 'EUR', '{FR}');
INSERT INTO segmentation.offer (market, code, price) VALUES ('fr', 'team', '9.90 EUR');
INSERT INTO segmentation.offer_text (market, offer, language, title) VALUES ('fr', 'team', 'en', 'Team');
SELECT segmentation.create_model('service', 'customer', '{id}', time_zone => 'UTC');
SELECT segmentation.define_segment('service', 'large', $$ paid > '50 EUR' $$);
SELECT segmentation.define_segment('service', 'quiet', $$ last_login < now() - interval '30 days' AND NOT in_segment('large') $$);
SELECT segmentation.refresh('service', '2026-01-02');
SQL
$primary->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->start;
$primary->safe_psql('postgres', <<'SQL');
UPDATE customer SET paid = '70 EUR' WHERE id = 7;
DELETE FROM subscription WHERE id = 4;
SELECT segmentation.move_customer('customer', '{4}', 'us', 'moved');
SELECT segmentation.refresh('service', '2026-01-03');
SQL
$primary->wait_for_catchup($standby);

# whatever only reads
my @questions = (
	'SELECT sum(paid), round(nps(score), 3), count(DISTINCT segment) FROM customer',
	"SET enable_seqscan = off; SELECT count(*) FROM customer WHERE paid BETWEEN '20 EUR' AND '30 EUR'",
	"SELECT convert_currency('10 EUR', 'USD', '2024-05-05')",
	'SELECT * FROM segmentation.lock',
	"SELECT segmentation.move_blockers('customer', '{5}', 'eu')",
	"SELECT segmentation.lock_violations('customer')",
	'SELECT customer_key, from_segment, to_segment, reason FROM segmentation.customer_move',
	"SELECT * FROM segmentation.check_market('fr')",
	"SELECT * FROM segmentation.price_list('fr', 'fr', '2026-01-01')",
	'SELECT segment, count(*) FROM service_member GROUP BY 1 ORDER BY 1',
	"SELECT id, segments FROM service_at((SELECT min(until) - interval '1 microsecond' FROM service_history)) WHERE id = 7",
	"SELECT segmentation.classify('service', '7'), segmentation.classify_row('service', '{\"paid\": \"99 EUR\"}')",
	"SELECT segment, member FROM segmentation.explain_customer('service', '7')",
	"SELECT members, \"unknown\" FROM segmentation.preview('service', 'score > 5')",
	"SELECT segmentation.model_sql('service')",
	"SELECT * FROM segmentation.model_status('service')",
	"SELECT expression FROM segmentation.check_rule('customer', 'score > 5')",
	"SELECT * FROM segmentation.verify('service')");

for my $question (@questions)
{
	my @answers = map { [ $_->psql('postgres', $question) ] } $primary, $standby;
	is_deeply($answers[1], $answers[0], "the standby answers the same: $question");
	is($answers[0][0], 0, 'which is no error') or diag $answers[0][2];
}

# whatever writes says that it cannot
for my $statement (
	"SELECT segmentation.refresh('service')",
	"SELECT segmentation.move_customer('customer', '{1}', 'us', 'no')",
	"SELECT segmentation.define_segment('service', 'new', 'true')",
	"SELECT segmentation.create_market('it', 'EUR')",
	"SELECT segmentation.install_lock('customer', 'subscription')",
	"SELECT segmentation.forget_customer('service', '7')")
{
	my ($status, $out, $err) = $standby->psql('postgres', "\\set VERBOSITY sqlstate\n$statement");
	like($err, qr/ERROR:  (?:25006|55000)$/, "the standby refuses: $statement");
}
(undef, undef, my $refusal) = $standby->psql('postgres', q{SELECT segmentation.refresh('service')});
like($refusal, qr/ERROR:  cannot execute segmentation.refresh in a read-only transaction/, 'in words that say what cannot be done');

# the subscriber: a lock of its own, on the same tables
my $subscriber = PostgreSQL::Test::Cluster->new('subscriber');
$subscriber->init(allows_streaming => 'logical');
$subscriber->start;
$subscriber->safe_psql('postgres', <<'SQL');
CREATE EXTENSION segmentation;
CREATE TABLE customer (id int PRIMARY KEY, segment segment_id, paid currency_price, score int, last_login timestamptz, name text);
CREATE TABLE subscription (id int PRIMARY KEY, customer int NOT NULL REFERENCES customer, segment segment_id);
SELECT segmentation.install_lock('customer', 'subscription');
SQL
$primary->safe_psql('postgres', 'CREATE PUBLICATION shop FOR TABLE customer, subscription');
$subscriber->safe_psql('postgres', sprintf q{CREATE SUBSCRIPTION shop CONNECTION $$%s$$ PUBLICATION shop}, $primary->connstr('postgres'));
$subscriber->poll_query_until('postgres', q{SELECT count(*) = 2 AND bool_and(srsubstate = 'r') FROM pg_subscription_rel})
  or die 'tables did not synchronize';

sub applied
{
	$primary->wait_for_catchup('shop');
	return;
}

# values, and moments of locks, are the publisher's
my $rows = q{SELECT (SELECT md5(string_agg(c::text, '|' ORDER BY id)) FROM customer c), (SELECT md5(string_agg(s::text, '|' ORDER BY id)) FROM subscription s)};
applied();
is($subscriber->safe_psql('postgres', $rows), $primary->safe_psql('postgres', $rows), 'the tables as they were have been copied');
$primary->safe_psql('postgres', <<'SQL');
INSERT INTO customer VALUES (200, NULL, '-0.5 USD'), (201, 'eu', NULL);
INSERT INTO subscription VALUES (200, 200, 'eu');
UPDATE customer SET paid = paid * 3 WHERE id < 20;
DELETE FROM subscription WHERE id = 5;
SELECT segmentation.move_customer('customer', '{5}', 'eu', 'moved');
SQL
applied();
is($subscriber->safe_psql('postgres', $rows), $primary->safe_psql('postgres', $rows), 'and so has what came later');
is($subscriber->safe_psql('postgres', q{SELECT count(*) FROM segmentation.lock_violations('customer')}), '0', 'nothing contradicts');

# the lock holds for who writes there
my ($status, $out, $err) = $subscriber->psql('postgres', q{INSERT INTO subscription VALUES (999, 200, 'us')});
like($err, qr/customer \(id\)=\(200\) is locked to segment "eu"/, 'the lock holds on the subscriber');

# what is written on both sides may contradict, and is found
$subscriber->safe_psql('postgres', q{UPDATE customer SET segment = 'us' WHERE id = 201; INSERT INTO subscription VALUES (1000, 201, 'us')});
$primary->safe_psql('postgres', q{INSERT INTO subscription VALUES (201, 201, 'eu')});
applied();
is($subscriber->safe_psql('postgres', q{SELECT subscription_key, customer_segment, subscription_segment, violation FROM segmentation.lock_violations('customer')}),
	'{1000}|eu|us|other segment', 'a customer locked on both sides is found');

$subscriber->stop;

# the subscriber to everything: definitions by a dump, then the rows of all tables
my $mirror = PostgreSQL::Test::Cluster->new('mirror');
$mirror->init(allows_streaming => 'logical');
$mirror->start;
$primary->safe_psql('postgres', q{CREATE PUBLICATION everything FOR ALL TABLES});
my $definitions = $mirror->basedir . '/definitions.sql';
$primary->command_ok([ 'pg_dump', '--schema-only', '--no-publications', '-f', $definitions, $primary->connstr('postgres') ], 'the definitions are dumped');
$mirror->safe_psql('postgres', "\\i $definitions");
$mirror->safe_psql('postgres', sprintf q{CREATE SUBSCRIPTION everything CONNECTION $$%s$$ PUBLICATION everything}, $primary->connstr('postgres'));
$mirror->poll_query_until('postgres', q{SELECT count(*) > 15 AND bool_and(srsubstate = 'r') FROM pg_subscription_rel})
  or die 'tables did not synchronize';

# each table of ours and of the model has rows that are inserted, changed and deleted
my $tables = q{SELECT c.oid::regclass FROM pg_class c WHERE c.relkind = 'r'
	AND c.relnamespace IN (SELECT oid FROM pg_namespace WHERE nspname = 'public' OR nspname LIKE 'segmentation%') ORDER BY c.oid::regclass::text COLLATE "C"};
my @tables = split /\n/, $primary->safe_psql('postgres', $tables);
is($mirror->safe_psql('postgres', $tables), join("\n", @tables), 'both have the same tables');
is($primary->safe_psql('postgres', q{SELECT c.oid::regclass FROM pg_class c JOIN pg_publication_tables t ON c.oid = format('%I.%I', schemaname, tablename)::regclass
	WHERE NOT EXISTS (SELECT FROM pg_index WHERE indrelid = c.oid AND indisprimary)}), '', 'all have a primary key');
$primary->safe_psql('postgres', <<'SQL');
INSERT INTO service_override (id, segment, member, reason) VALUES (7, 'quiet', true, 'called'), (8, 'quiet', true, 'called');
UPDATE customer SET paid = '1 EUR' WHERE id = 7;
INSERT INTO segmentation.segment_text (model, segment, language, title) VALUES ('market', 'fr', 'en', 'France'), ('market', 'fr', 'fr', 'France');
SELECT segmentation.define_segment('service', 'broken', 'score / (score - 3) > 0');
SELECT segmentation.refresh('service', '2026-01-04');
SQL
my %before;
sub rows_of { my ($node, $table) = @_; return $node->safe_psql('postgres', "SELECT t::text FROM $table t ORDER BY 1"); }
$primary->wait_for_catchup('everything');
for my $table (@tables)
{
	$before{$table} = rows_of($primary, $table);
	isnt($before{$table}, '', "table $table has rows");
	is(rows_of($mirror, $table), $before{$table}, 'which the subscriber has');
}
for my $question (
	'SELECT segment, count(*) FROM service_member GROUP BY 1 ORDER BY 1',
	"SELECT id, segments FROM service_at('infinity') ORDER BY id",
	"SELECT segmentation.classify('service', '7')",
	"SELECT * FROM segmentation.verify('service')",
	"SELECT * FROM segmentation.model_status('service')")
{
	is($mirror->safe_psql('postgres', $question), $primary->safe_psql('postgres', $question), "the subscriber answers the same: $question");
}

# nothing is refreshed there
(undef, undef, $refusal) = $mirror->psql('postgres', "\\set VERBOSITY verbose\nSELECT segmentation.refresh('service')");
like($refusal, qr/ERROR:  55000: cannot refresh model "service" on a subscriber/, 'the subscriber refuses to refresh');
like($refusal, qr/Subscription "everything" brings the rows of table public.service_assignment/, 'and says why');
is(rows_of($mirror, 'service_assignment'), $before{service_assignment}, 'nothing has changed');

# changes and deletions find their rows by the primary key; definitions stay whole, for a refresh to be possible
$primary->safe_psql('postgres', <<'SQL');
SET session_replication_role = replica;
UPDATE segmentation.customer_move SET reason = 'another';
UPDATE segmentation.refresh_log SET cause = 'definition';
UPDATE segmentation.definition SET change = 'another';
UPDATE service_history SET cause = 'override';
SQL
$primary->safe_psql('postgres', join ';', 'SET session_replication_role = replica',
	map { "DELETE FROM $_ WHERE ctid = (SELECT max(ctid) FROM $_)" } grep { !/^segmentation\.(?:model|definition|segment)$/ } @tables);
$primary->wait_for_catchup('everything');
is(rows_of($mirror, $_), rows_of($primary, $_), "changes of $_ arrive") for @tables;

# until it is a subscriber no more
$mirror->safe_psql('postgres', 'DROP SUBSCRIPTION everything');
is($mirror->safe_psql('postgres', q{SELECT failed FROM segmentation.refresh('service', '2026-01-05')}), '1', 'then its model is refreshed, but for the rule that fails');
is($mirror->safe_psql('postgres', q{SELECT count(*) FROM segmentation.verify('service')}), '0', 'and right');
$mirror->stop;

# promoted, the standby has all of it, and goes on
$primary->wait_for_catchup($standby);
my $at_last = $primary->safe_psql('postgres', $rows);
$primary->stop;
$standby->promote;
is($standby->safe_psql('postgres', $rows), $at_last, 'the promoted standby has what the primary had');
($status, $out, $err) = $standby->psql('postgres', q{INSERT INTO subscription VALUES (999, 200, 'us')});
like($err, qr/customer \(id\)=\(200\) is locked to segment "eu"/, 'its lock holds');
is($standby->safe_psql('postgres', q{SELECT rows_read, failed FROM segmentation.refresh('service', '2026-01-04')}), '101|1', 'its model is refreshed, but for the rule that fails');
is($standby->safe_psql('postgres', q{SELECT count(*) FROM segmentation.verify('service')}), '0', 'and right');

done_testing();
