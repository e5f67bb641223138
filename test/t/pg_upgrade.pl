# pg_upgrade takes a database with everything of ours to another cluster, by copying
# and by linking its files, and there every answer, lock and index is as before.
#
# SEGMENTATION_OLD names the folder of another version's server, with bin, whose
# cluster is taken to this one's (see test/upgrades); otherwise both are this one's.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

# pg_upgrade wants all programs in one folder; ours has those that are staged
chomp(my $installed = `$ENV{PG_CONFIG} --bindir`);
my ($new_bin) = grep { -x "$_/postgres" } split /:/, $ENV{PATH};
symlink $_, "$new_bin/" . s{.*/}{}r for glob "$installed/*";
plan skip_all => 'pg_upgrade is not installed' unless -x "$new_bin/pg_upgrade";
my $old_bin = $ENV{SEGMENTATION_OLD} ? "$ENV{SEGMENTATION_OLD}/bin" : $new_bin;

# 3000 customers in some 300 segments, prices in four currencies
my $types = <<'SQL';
CREATE SCHEMA types;
CREATE EXTENSION segmentation SCHEMA types;
SET search_path = public, types;
CREATE DOMAIN positive AS currency_price DEFAULT '1 EUR' CHECK (sign(VALUE) > 0);
CREATE DOMAIN region AS segment_id CHECK (VALUE <> 'nowhere');
CREATE TYPE sale AS (segment segment_id, price currency_price);
CREATE TYPE price_range AS RANGE (subtype = currency_price);
CREATE TYPE segment_range AS RANGE (subtype = segment_id);
CREATE TABLE customer (
    id int, segment segment_id, price currency_price DEFAULT '9.90 EUR' CHECK (currency(price) <> 'GBP'),
    segments segment_id[], prices currency_price[], class nps_class, tally nps_tally, scale tier_scale,
    sale sale, sales sale[], positive positive, region region, regions region[], bounds price_range, letters segment_range,
    half currency_price GENERATED ALWAYS AS (price / 2) STORED);
INSERT INTO customer
    SELECT i, s, p, ARRAY['a', substr(md5(i::text), 1, 24)]::segment_id[], ARRAY[p, NULL, -p], nps_class(i % 11), nps_tally(i, i / 2, 0),
        'smb 0, mid 1000.5 EUR', ROW(s, p)::sale, ARRAY[ROW(s, p)::sale, NULL], abs(p) + currency_price(1, currency(p)), s, ARRAY[s]::region[],
        price_range(p, p * 2 + currency_price(200, currency(p))), segment_range('a', s)
    FROM generate_series(1, 3000) AS i, LATERAL (SELECT ('b' || substr(md5((i % 300)::text), 1, 1 + i % 23))::segment_id AS s,
        currency_price((i * 7919 % 100000) / 1000.0, (ARRAY['EUR', 'USD', 'JPY', 'KWD'])[1 + i % 4]) AS p) AS drawn;
INSERT INTO customer (id, segment, price, segments) VALUES
    (-1, 'a-0_b.c', '999999999999999999 EUR', '{}'), (-2, 'zzzzzzzzzzzzzzzzzzzzzzzz', '-0.999999999999999999 USD', '{NULL}'), (-3, NULL, NULL, NULL);

CREATE UNIQUE INDEX price_segment ON customer (price, segment, id);
CREATE INDEX by_segment ON customer (segment);
CREATE INDEX by_price ON customer (price);
CREATE INDEX by_segments ON customer (segments);
CREATE INDEX by_sale ON customer (sale);
CREATE INDEX by_positive ON customer (positive);
CREATE INDEX by_half ON customer ((half / 2)) WHERE price *>* '0 EUR';
CREATE INDEX hash_segment ON customer USING hash (segment);
CREATE INDEX hash_price ON customer USING hash (price);
CREATE INDEX hash_region ON customer USING hash (region);
CREATE INDEX gin_segments ON customer USING gin (segments);
CREATE INDEX gin_prices ON customer USING gin (prices);
CREATE INDEX gist_bounds ON customer USING gist (bounds);
CLUSTER customer USING by_price;

CREATE TABLE hash_segments (LIKE customer) PARTITION BY HASH (segment);
CREATE TABLE hash_prices (LIKE customer) PARTITION BY HASH (price);
SELECT format('CREATE TABLE %1$s_%2$s PARTITION OF %1$s FOR VALUES WITH (MODULUS 4, REMAINDER %2$s)', name, part)
    FROM unnest(ARRAY['hash_segments', 'hash_prices']) AS name, generate_series(0, 3) AS part \gexec
CREATE TABLE range_segments (LIKE customer) PARTITION BY RANGE (segment);
CREATE TABLE range_segments_low PARTITION OF range_segments FOR VALUES FROM (MINVALUE) TO ('b5');
CREATE TABLE range_segments_high PARTITION OF range_segments FOR VALUES FROM ('b5') TO (MAXVALUE);
CREATE TABLE range_segments_none PARTITION OF range_segments DEFAULT;
CREATE TABLE range_prices (LIKE customer) PARTITION BY RANGE (price);
CREATE TABLE range_prices_eur PARTITION OF range_prices FOR VALUES FROM ('-1000 EUR') TO ('50 EUR');
CREATE TABLE range_prices_rest PARTITION OF range_prices DEFAULT;
CREATE TABLE list_segments (LIKE customer) PARTITION BY LIST (segment);
CREATE TABLE list_segments_one PARTITION OF list_segments FOR VALUES IN ('a-0_b.c', 'zzzzzzzzzzzzzzzzzzzzzzzz');
CREATE TABLE list_segments_rest PARTITION OF list_segments DEFAULT;
SELECT format('INSERT INTO %s SELECT %s FROM customer', parent, (SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum)
        FROM pg_attribute WHERE attrelid = 'customer'::regclass AND attnum > 0 AND NOT attisdropped))
    FROM unnest('{hash_segments,hash_prices,range_segments,range_prices,list_segments}'::text[]) AS parent \gexec
CREATE INDEX ON hash_segments (segment);
CREATE INDEX ON range_prices (price);

CREATE MATERIALIZED VIEW revenue AS SELECT segment, currency(price), sum(price), max(price) FROM customer WHERE id > 0 GROUP BY 1, 2;
CREATE INDEX ON revenue (sum);
CREATE VIEW dear AS SELECT id, c.segment, tier(sum, 'smb 0, mid 100 EUR') FROM customer AS c JOIN revenue AS r ON r.segment = c.segment
    WHERE currency(sum) = 'EUR' AND price >= '50 EUR';
INSERT INTO segmentation.exchange_rate
    SELECT 'EUR', code, '2024-01-01'::date + day, 1 + length(code || day) / 7.0
    FROM unnest(ARRAY['USD', 'JPY', 'KWD', 'DEM']) AS code, generate_series(0, 365) AS day;
SQL

# locks: plain, by offers and partitioned, with markets
my $locks = <<'SQL';
SET search_path = public, types;
CREATE SCHEMA app;
CREATE TABLE app.customer (tenant int, id bigint, segment segment_id, paid currency_price, seen timestamptz, name text, PRIMARY KEY (tenant, id));
CREATE TABLE app.offer (code text PRIMARY KEY, segment segment_id NOT NULL);
CREATE TABLE app.subscription (
    tenant int, customer bigint NOT NULL, n int, offer text NOT NULL REFERENCES app.offer, status text NOT NULL DEFAULT 'active',
    PRIMARY KEY (tenant, customer, n), FOREIGN KEY (tenant, customer) REFERENCES app.customer) PARTITION BY HASH (tenant);
CREATE TABLE app.subscription_0 PARTITION OF app.subscription FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE app.subscription_1 PARTITION OF app.subscription FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO app.offer VALUES ('basic', 'smb'), ('gold', 'enterprise');
INSERT INTO app.customer SELECT i % 5, i, NULL, currency_price(i * 7, 'EUR'), '2026-01-01'::timestamptz - i * interval '1 day', i::text
    FROM generate_series(1, 200) AS i;
SELECT segmentation.install_lock('app.customer', 'app.subscription', offers => 'app.offer',
    locks_when => $$status <> 'draft'$$, running_when => $$status = 'active'$$);
INSERT INTO app.subscription SELECT i % 5, i, 1, CASE WHEN i < 50 THEN 'basic' ELSE 'gold' END, CASE i % 7 WHEN 0 THEN 'draft' ELSE 'active' END
    FROM generate_series(1, 150) AS i;
DELETE FROM app.subscription WHERE customer = 10;
SELECT segmentation.move_customer('app.customer', '{0,10}', 'enterprise', 'grew');

CREATE SCHEMA "Laden";
CREATE TABLE "Laden"."Kunde" ("Nr." segment_id PRIMARY KEY, "Segment" segment_id);
CREATE TABLE "Laden"."Abo" ("Kunde" segment_id REFERENCES "Laden"."Kunde" DEFERRABLE, "Markt" segment_id, preis currency_price);
SELECT segmentation.install_lock('"Laden"."Kunde"', '"Laden"."Abo"', customer_segment => 'Segment', subscription_segment => 'Markt',
    locks_when => $$preis > '0 EUR'$$);
INSERT INTO "Laden"."Kunde" VALUES ('1', 'de'), ('2', NULL), ('3', 'fr');
INSERT INTO "Laden"."Abo" VALUES ('1', 'de', '1 EUR'), ('2', 'fr', '2 EUR'), ('3', 'de', '0 EUR');

SELECT segmentation.create_market(id, 'EUR', countries::text[], default_language => 'fr') FROM (VALUES ('fr', '{FR,MC}'), ('be', '{BE}'), ('lu', '{LU}')) AS m(id, countries);
INSERT INTO segmentation.offer (market, code, price) SELECT id, 'team', '9.90 EUR' FROM segmentation.market;
INSERT INTO segmentation.offer_text (market, offer, language, title) SELECT id, 'team', 'fr', 'Équipe' FROM segmentation.market;
SELECT segmentation.activate_market(id) FROM segmentation.market WHERE id <> 'lu';
CREATE TABLE app.account (id bigint PRIMARY KEY, market segment_id);
CREATE TABLE app.contract (id bigint PRIMARY KEY, account bigint NOT NULL REFERENCES app.account, market segment_id, offer text, price currency_price,
    FOREIGN KEY (market, offer) REFERENCES segmentation.offer);
INSERT INTO app.account VALUES (1, 'fr'), (2, NULL), (3, 'be'), (4, 'fr');
SELECT segmentation.install_lock('app.account', 'app.contract', customer_segment => 'market',
    offers => 'segmentation.offer', subscription_price => 'price', markets => true);
INSERT INTO app.contract VALUES (1, 1, 'fr', 'team', '9.90 EUR'), (2, 3, 'be', 'team', NULL);
SELECT segmentation.suspend_market('be');
SQL

# models of each kind that ask each other, with history, overrides, and a rule that fails
my $models = <<'SQL';
SET search_path = public, types;
SET TimeZone = 'Europe/Paris';
CREATE VIEW app.profile AS SELECT tenant, id, segment, paid, seen, name FROM app.customer;
SELECT segmentation.create_model('size', 'app.profile', '{tenant,id}', schema => 'app', kind => 'exclusive');
SELECT segmentation.create_model('service', 'app.profile', '{tenant,id}', schema => 'app');
SELECT segmentation.create_model('chosen', 'app.profile', '{tenant,id}', schema => 'app', kind => 'column', segment_column => 'segment');
SELECT segmentation.create_model('shop', '"Laden"."Kunde"', '{Nr.}', schema => 'Laden', prefix => 'Größe');
SELECT segmentation.define_segment('size', 'small', $$ paid < '700 EUR' $$, rank => 1);
SELECT segmentation.define_segment('size', 'medium', $$ paid BETWEEN '700 EUR' AND convert_currency('2000 USD', 'EUR', '2024-06-01') $$, rank => 2);
SELECT segmentation.define_segment('size', 'large', rank => 3);
SELECT segmentation.define_segment('service', 'quiet', $$ seen < now() - interval '60 days' AND NOT in_segment('size', 'large') $$);
SELECT segmentation.define_segment('service', 'other', $$ segment IS DISTINCT FROM 'smb' AND nullif(segment, 'mid') IS NOT NULL $$);
SELECT segmentation.define_segment('service', 'even', $$ name::int % 2 = 0 $$);
SELECT segmentation.define_segment('service', 'asks', $$ in_segment('even') $$);
SELECT segmentation.define_segment('chosen', name) FROM unnest('{smb,enterprise}'::text[]) AS name;
SELECT segmentation.define_segment('shop', 'german', $$ "Segment" = 'de' $$);
SELECT segmentation.refresh(id::text, '2026-01-02') FROM segmentation.model WHERE source IS NOT NULL;
INSERT INTO app.size_override (tenant, id, segment, member, reason, expires_at) VALUES
    (1, 1, 'large', true, 'will be', '2999-01-01'), (2, 2, 'small', false, 'is none', NULL), (9, 9, 'small', true, 'to come', NULL);
INSERT INTO "Laden"."Größe_override" ("Nr.", segment, member, reason) VALUES ('3', 'german', true, 'speaks it');
UPDATE app.customer SET paid = paid * 2, seen = '2026-02-01' WHERE id % 10 = 3;
UPDATE app.customer SET name = 'no number' WHERE id = 77;
DELETE FROM app.customer WHERE id = 199;
SET client_min_messages = error;
SELECT segmentation.refresh(id::text, '2026-02-02') FROM segmentation.model WHERE source IS NOT NULL;
SQL

# what is asked, changed and refused, each in a transaction that is rolled back; moments do not matter
my @questions = (
	(map { "SELECT count(*), md5(string_agg(t::text, '|' ORDER BY t::text COLLATE \"C\")) FROM $_ t" }
		qw(customer hash_segments hash_prices range_segments range_segments_low range_prices range_prices_eur list_segments list_segments_one revenue dear),
		qw(app.customer app.subscription app.contract app.account "Laden"."Kunde"),
		qw(app.size_assignment app.size_history app.size_override app.size_member app.service_assignment app.service_history app.service_member),
		qw(app.chosen_member "Laden"."Größe_assignment" "Laden"."Größe_override"),
		map { "segmentation.$_" } qw(model segment segment_reference segment_dependency definition refresh_log refresh_log_segment rule_failure lock),
		qw(market offer segment_text offer_text exchange_rate customer_move)),
	"SELECT * FROM app.size_at('2026-01-15') ORDER BY 1, 2",
	"SELECT segment, left_at IS NULL, count(*) FROM app.service_stay GROUP BY 1, 2 ORDER BY 1, 2",
	"INSERT INTO customer (id, price) VALUES (0, '1 GBP')", "INSERT INTO customer (id, positive) VALUES (0, '-1 EUR')",
	"INSERT INTO customer (id) VALUES (0) RETURNING price, half", "INSERT INTO range_segments (id, segment) VALUES (0, 'b6') RETURNING tableoid::regclass",
	"REFRESH MATERIALIZED VIEW revenue; SELECT sum(sum) FROM revenue WHERE currency = 'EUR'",
	"SELECT sum(price), avg(price), min(price), max(price), revenue_tier(price, 'a 0, b 1000 EUR') FROM customer WHERE currency(price) = 'EUR' AND id > 0",
	"SELECT convert_currency('10 KWD', 'JPY', '2024-05-05'), currency_price('1 EUR') + '2 USD'",
	"UPDATE app.customer SET segment = 'enterprise' WHERE id = 1", "UPDATE app.customer SET segment_locked_at = NULL WHERE id = 1",
	"INSERT INTO app.subscription VALUES (1, 1, 2, 'gold')", "UPDATE app.offer SET segment = 'smb' WHERE code = 'gold'",
	"INSERT INTO app.subscription VALUES (1, 151, 1, 'gold'); SELECT segment, segment_locked_at IS NOT NULL FROM app.customer WHERE id = 151",
	"UPDATE app.subscription SET tenant = 2 WHERE customer = 1", "DELETE FROM app.customer WHERE id = 1",
	q{INSERT INTO "Laden"."Abo" VALUES ('1', 'fr', '1 EUR')}, q{INSERT INTO "Laden"."Abo" VALUES ('1', 'fr', '0 EUR')},
	q{UPDATE "Laden"."Kunde" SET "Segment" = 'de' WHERE "Nr." = '2'}, q{UPDATE "Laden"."Kunde" SET "Segment" = 'de' WHERE "Nr." = '3'},
	"INSERT INTO app.contract VALUES (3, 2, 'fr', 'team', NULL); SELECT market, segment_locked_at IS NOT NULL FROM app.account WHERE id = 2",
	"INSERT INTO app.contract VALUES (3, 1, 'fr', 'team', '9.90 USD')", "INSERT INTO app.contract VALUES (3, 3, 'be', 'team', NULL)",
	"UPDATE app.account SET market = 'nowhere' WHERE id = 4", "SELECT segmentation.retire_market('fr')",
	(map { "SELECT * FROM segmentation.lock_violations('$_')" } 'app.account', 'app.customer', '"Laden"."Kunde"'),
	"SELECT from_segment, to_segment FROM segmentation.move_customer('app.customer', '{0,10}', 'smb', 'shrank')", "SELECT * FROM segmentation.check_market('be')",
	"SELECT segmentation.remove_lock('app.customer')",
	(map {; "SELECT * FROM segmentation.verify('$_'); SELECT * FROM segmentation.model_overrides('$_')", "SELECT segmentation.model_sql('$_')",
		"SELECT entered, exited, changed, failed FROM segmentation.refresh('$_', '2026-02-03')", "SELECT segment, status, failing, message FROM segmentation.model_status('$_')" }
		qw(size service chosen shop)),
	"SELECT * FROM segmentation.explain_customer('service', '4', '4')", "SELECT segmentation.classify('size', '1', '1')",
	"INSERT INTO app.size_override (tenant, id, segment, member, reason) VALUES (1, 1, 'none', true, 'no such segment')",
	"SELECT members FROM segmentation.define_segment('service', 'other', \$\$ segment = 'smb' \$\$)",
	"SELECT segmentation.drop_segment('service', 'even')", "SELECT segmentation.drop_model('size')", "SELECT segmentation.drop_model('service'); SELECT segmentation.drop_model('size')");

sub answers
{
	my ($node) = @_;
	return map {
		my ($status, $out, $err) = $node->psql('shop', "SET search_path = public, types; SET client_min_messages = error; BEGIN; $_; ROLLBACK");
		"$_\n$out\n$err" =~ s/^psql:<stdin>:\d+: //gmr;
	} @questions;
}

# rows that are not found through an index of each kind
my @indexes = (
	(map { [ $_, "c.segment = i.segment AND c.id = i.id" ] } qw(by_segment hash_segment)),
	(map { [ $_, "c.price = i.price AND c.id = i.id" ] } qw(by_price hash_price price_segment)),
	[ by_segments => 'c.segments = i.segments AND c.id = i.id' ], [ by_sale => 'c.sale = i.sale AND c.id = i.id' ],
	[ by_positive => 'c.positive = i.positive AND c.id = i.id' ], [ hash_region => 'c.region = i.region AND c.id = i.id' ],
	[ by_half => "c.half / 2 = i.half / 2 AND i.price *>* '0 EUR' AND c.id = i.id" ],
	[ gin_segments => 'i.segments @> c.segments AND c.id = i.id' ], [ gin_prices => 'i.prices @> c.prices[1:1] AND c.id = i.id' ],
	[ gist_bounds => 'i.bounds = c.bounds AND c.id = i.id' ]);

sub indexes_hold
{
	my ($node, $name) = @_;
	for my $index (@indexes)
	{
		my ($index, $condition) = @$index;
		my $others = join ', ', grep { $_ ne $index } map { $_->[0] } @indexes;
		my $found = "SELECT count(*) FROM customer c WHERE EXISTS (SELECT FROM customer i WHERE $condition OFFSET 0) AND c.id % 10 = 0";
		my $forced = "DROP INDEX $others; SET LOCAL enable_seqscan = off";
		my $plan = $node->safe_psql('shop', "SET search_path = public, types; BEGIN; $forced; EXPLAIN $found; $found; ROLLBACK;
			SET enable_indexscan = off; SET enable_indexonlyscan = off; SET enable_bitmapscan = off; $found");
		my ($by_index, $by_scan) = $plan =~ /^(\d+)\n(\d+)$/m;
		like($plan, qr/\b$index\b/, "$name: $index is used");
		is($by_index, $by_scan, "$name: $index finds what a scan finds");
	}
  SKIP:
	{
		skip 'amcheck is not installed', 1
		  if $node->safe_psql('shop', "SELECT count(*) FROM pg_available_extensions WHERE name = 'amcheck'") eq '0';
		$node->safe_psql('shop', 'CREATE EXTENSION amcheck SCHEMA public');
		is( $node->safe_psql('shop', <<'SQL'), 't', "$name: every btree index agrees with its table");
SELECT count(*) > 50 FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid, LATERAL (SELECT public.bt_index_check(indexrelid, true)) AS checked
WHERE relkind = 'i' AND relam = 403 AND relpersistence = 'p' AND indrelid >= 16384
SQL
	}
}

# Minor releases of one day (15.20, 17.12) mark the columns of every table with an
# option that an earlier one of a later version (18.6) refuses to restore, with our
# extension or without: the marks are taken off, so that what is ours can be tested.
my $is_marked = q{attoptions::text ~ '^\{pg_attver=\d+\}$'};

sub remove_unknown_marks
{
	my ($from, $to) = @_;
	my $marked = "SELECT count(*) > 0 FROM pg_attribute WHERE $is_marked";
	return if $to->safe_psql('template1', $marked) eq 't' || $from->safe_psql('shop', $marked) eq 'f';
	$from->safe_psql($_, "SET allow_system_table_mods = on; UPDATE pg_attribute SET attoptions = NULL WHERE $is_marked")
		for qw(template1 postgres shop);
}

my $old = PostgreSQL::Test::Cluster->new('old', $ENV{SEGMENTATION_OLD} ? (install_path => $ENV{SEGMENTATION_OLD}) : ());
$old->init(extra => ['-k']);
$old->start;
$old->safe_psql('postgres', 'CREATE DATABASE shop');
$old->safe_psql('shop', $_) for $types, $locks, $models;
my @answers = answers($old);
my @refused = grep { /^ERROR:  /m } @answers;
is(scalar @refused, 18, 'the old cluster refuses what it should') or diag join "\n", @refused;
$old->stop;

for ([ copy => [] ], [ link => ['--link'] ])
{
	my ($mode, $options) = @$_;
	my $new = PostgreSQL::Test::Cluster->new("by_$mode");
	$new->init(extra => ['-k']);
	$_->start for $old, $new;
	remove_unknown_marks($old, $new);
	$_->stop for $old, $new;
	chdir $new->basedir;
	command_ok(
		[ 'pg_upgrade', '--no-sync', '-d', $old->data_dir, '-D', $new->data_dir, '-b', $old_bin, '-B', $new_bin,
			'-s', $new->host, '-p', $old->port, '-P', $new->port, @$options ],
		"$mode: upgraded") or do {
		diag slurp_file($_) for glob $new->data_dir . '/pg_upgrade_output.d/*/log/pg_upgrade_dump_*.log';
		next;
	};
	$new->start;
	my @new_answers = answers($new);
	my @changed = map { ($answers[$_], $new_answers[$_]) } grep { $answers[$_] ne $new_answers[$_] } keys @answers;
	is(join("\n", @changed), '', "$mode: every answer and refusal as before");
	indexes_hold($new, $mode);
	$new->stop;
}

done_testing();
