# What is dumped comes back in another cluster: values, indexes, partitions, locks.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my @tables = ('customer', 'by_segment', 'by_price', 'revenue', 'app.customer', 'app.subscription', '"Laden"."Kunde"', 'app.account', 'app.contract',
	'segmentation.customer_move', 'segmentation.exchange_rate',
	'app.size_assignment', 'app.size_history', 'app.size_override', '"Laden"."Größe_assignment"', '"Laden"."Größe_override"', 'app.size_member',
	map { "segmentation.$_" } qw(model segment segment_reference definition refresh_log market offer segment_text offer_text));

# 4000 customers in some 400 segments, prices in four currencies
my $types = <<'SQL';
CREATE SCHEMA types;
CREATE EXTENSION segmentation SCHEMA types;
SET search_path = public, types;

CREATE TABLE customer (
    id int,
    segment segment_id,
    price currency_price DEFAULT '9.90 EUR' CHECK (currency(price) <> 'GBP'),
    class nps_class,
    tally nps_tally,
    segments segment_id[]
);
INSERT INTO customer
    SELECT i, substr(md5((i % 400)::text), 1, 1 + i % 24)::segment_id,
        currency_price((i * 7919 % 200000 - 100000) / 1000.0, (ARRAY['EUR', 'USD', 'JPY', 'KWD'])[1 + i % 4]),
        nps_class(i % 11), nps_tally(i, i / 2, 0), ARRAY['a', substr(md5(i::text), 1, 24)]::segment_id[]
    FROM generate_series(1, 4000) AS i;
INSERT INTO customer VALUES
    (-1, 'a-0_b.c', '999999999999999999 EUR', NULL, NULL, '{}'),
    (-2, 'zzzzzzzzzzzzzzzzzzzzzzzz', '-0.999999999999999999 USD', NULL, NULL, '{NULL}'),
    (-3, NULL, NULL, NULL, NULL, NULL);

CREATE TABLE by_segment (LIKE customer) PARTITION BY HASH (segment);
CREATE TABLE by_price (LIKE customer) PARTITION BY HASH (price);
SELECT format('CREATE TABLE %1$s_%2$s PARTITION OF %1$s FOR VALUES WITH (MODULUS 4, REMAINDER %2$s)', name, part)
    FROM unnest(ARRAY['by_segment', 'by_price']) AS name, generate_series(0, 3) AS part \gexec
INSERT INTO by_segment SELECT * FROM customer;
INSERT INTO by_price SELECT * FROM customer;

CREATE UNIQUE INDEX ON customer (price, segment, id);
CREATE INDEX ON customer USING hash (price);
CREATE INDEX ON customer USING hash (segment) WHERE price *>* '0 EUR';
CREATE INDEX ON by_segment (segment);
CREATE INDEX ON by_price (price);
CREATE MATERIALIZED VIEW revenue AS
    SELECT segment, currency(price), sum(price) FROM customer WHERE id > 0 GROUP BY 1, 2;
INSERT INTO segmentation.exchange_rate
    SELECT 'EUR', code, '2024-01-01'::date + day, 1 + length(code || day) / 7.0
    FROM unnest(ARRAY['USD', 'JPY', 'KWD', 'DEM']) AS code, generate_series(0, 365) AS day;
GRANT INSERT ON segmentation.exchange_rate TO pg_read_server_files;
ANALYZE;
SQL

# a lock on partitioned subscriptions, whose segment is their offer's; and one
# on a plain table with a segment column and a deferrable foreign key
my $lock = <<'SQL';
SET search_path = public, types;
CREATE SCHEMA app;
CREATE TABLE app.customer (tenant int, id bigint, segment segment_id, PRIMARY KEY (tenant, id));
CREATE TABLE app.offer (code text PRIMARY KEY, segment segment_id NOT NULL);
CREATE TABLE app.subscription (
    tenant int, customer bigint NOT NULL, n int, offer text NOT NULL REFERENCES app.offer, status text NOT NULL DEFAULT 'active',
    PRIMARY KEY (tenant, customer, n),
    FOREIGN KEY (tenant, customer) REFERENCES app.customer
) PARTITION BY HASH (tenant);
CREATE TABLE app.subscription_0 PARTITION OF app.subscription FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE app.subscription_1 PARTITION OF app.subscription FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO app.offer VALUES ('basic', 'smb'), ('gold', 'enterprise');
INSERT INTO app.customer SELECT i % 5, i FROM generate_series(1, 200) AS i;
INSERT INTO app.subscription SELECT i % 5, i, 1, 'basic' FROM generate_series(1, 50) AS i;
SELECT segmentation.install_lock('app.customer', 'app.subscription', offers => 'app.offer', 
    locks_when => $$status <> 'draft'$$, running_when => $$status = 'active'$$);
INSERT INTO app.subscription SELECT i % 5, i, 1, 'gold', CASE i % 3 WHEN 0 THEN 'draft' ELSE 'active' END
    FROM generate_series(51, 150) AS i;
DELETE FROM app.subscription WHERE customer = 10;
SELECT segmentation.move_customer('app.customer', '{0,10}', 'enterprise', 'grew');

CREATE SCHEMA "Laden";
CREATE TABLE "Laden"."Kunde" ("Nr." text PRIMARY KEY, "Segment" segment_id);
CREATE TABLE "Laden"."Abo" ("Kunde" text REFERENCES "Laden"."Kunde" DEFERRABLE, "Markt" segment_id);
SELECT segmentation.install_lock('"Laden"."Kunde"', '"Laden"."Abo"',
    customer_segment => 'Segment', subscription_segment => 'Markt');
INSERT INTO "Laden"."Kunde" VALUES ('1', 'de'), ('2', NULL), ('3', 'fr');
INSERT INTO "Laden"."Abo" VALUES ('1', 'de'), ('2', 'fr');
SQL

# markets of every status, with what they sell
my $markets = <<'SQL';
SET search_path = public, types;
SELECT segmentation.create_market('fr', 'EUR', '{FR,MC}', default_language => 'fr', title => 'France');
INSERT INTO segmentation.market (id, currency, countries, customer_type, partner) VALUES ('us', 'USD', '{US}', 'reseller', 'Acme');
INSERT INTO segmentation.offer (market, code, price, free, billing_period, available, promotional, customer) VALUES
    ('fr', 'free', NULL, true, NULL, '(,)', false, NULL), ('fr', 'team', '9.90 EUR', false, '1 month', '(,)', false, '{1,2}'),
    ('us', 'summer', '5 USD', false, '1 month', '[2025-06-01,2025-09-01)', true, NULL);
INSERT INTO segmentation.offer_text (market, offer, language, title) VALUES ('fr', 'team', 'fr', 'Équipe'), ('fr', 'free', 'fr-CH', 'Gratuit');
SELECT segmentation.clone_market('fr', id::segment_id, 'EUR') FROM unnest('{draft,active,suspended,retired}'::text[]) AS id;
INSERT INTO segmentation.offer_text (market, offer, language, title)
    SELECT id, 'free', 'fr', 'Gratuit' FROM segmentation.market WHERE id IN ('active', 'suspended');
UPDATE segmentation.market SET countries = '{BE}' WHERE id IN ('active', 'suspended');
SELECT segmentation.activate_market(id) FROM segmentation.market WHERE id IN ('active', 'suspended');
SELECT segmentation.suspend_market('suspended'), segmentation.retire_market('retired');
SQL

# a lock whose segments are markets, on offers of the catalogue
my $market_lock = <<'SQL';
SET search_path = public, types;
CREATE TABLE app.account (id bigint PRIMARY KEY, market segment_id);
CREATE TABLE app.contract (id bigint PRIMARY KEY, account bigint NOT NULL REFERENCES app.account,
    market segment_id, offer text, price currency_price, FOREIGN KEY (market, offer) REFERENCES segmentation.offer);
INSERT INTO app.account VALUES (1, 'active'), (2, NULL), (3, 'suspended'), (4, 'fr');
UPDATE segmentation.market SET status = 'active' WHERE id = 'suspended';
SELECT segmentation.install_lock('app.account', 'app.contract', customer_segment => 'market',
    offers => 'segmentation.offer', subscription_price => 'price', markets => true);
INSERT INTO app.contract VALUES (1, 1, 'active', 'team', '9.90 EUR'), (2, 3, 'suspended', 'free', NULL);
SELECT segmentation.suspend_market('suspended');
SQL

# models that refer to each other, of a table and of a view that come after them
# in a dump, with answers and history
my $models = <<'SQL';
SET search_path = public, types;
CREATE VIEW app.profile AS SELECT tenant, id, segment FROM app.customer;
SELECT segmentation.create_model('size', 'app.profile', '{tenant,id}', schema => 'app', kind => 'exclusive');
SELECT segmentation.create_model('aa-first', 'app.profile', '{tenant,id}', schema => 'app');
SELECT segmentation.create_model('quoted', '"Laden"."Kunde"', '{Nr.}', schema => 'Laden', prefix => 'Größe');
SELECT segmentation.define_segment('size', 'small', 'id < 100', rank => 1);
SELECT segmentation.define_segment('size', 'large', rank => 2);
SELECT segmentation.define_segment('aa-first', 'both', $$ in_segment('size', 'small') AND segment = 'smb' $$);
SELECT segmentation.define_segment('quoted', 'german', $$ "Segment" = 'de' $$);
INSERT INTO app.size_history (tenant, id, since, until, version, segments, cause)
    SELECT tenant, id, '2025-01-01', '2025-02-01', 1, '{small}', 'refresh' FROM app.customer;
INSERT INTO app.size_assignment (tenant, id, since, version, segments)
    SELECT tenant, id, '2025-02-01', 2, CASE WHEN id < 100 THEN '{small}' ELSE '{large}' END::segment_id[] FROM app.customer;
INSERT INTO "Laden"."Größe_assignment" ("Nr.", since, version, segments) VALUES ('1', '2025-02-01', 1, '{german}'), ('2', '-infinity', 1, NULL);
INSERT INTO app.size_override (tenant, id, segment, member, reason, author, set_at, expires_at) VALUES
    (1, 1, 'large', true, 'will be', 'ann', '2025-01-01', '2999-01-01'), (2, 2, 'small', false, 'is none', 'bob', '2025-01-02', '2025-02-01'),
    (9, 9, 'small', true, 'to come', 'ann', '2025-01-03', NULL);
INSERT INTO "Laden"."Größe_override" VALUES ('3', '2025-01-01', NULL, 'german', true, 'speaks it', 'Jürgen');
SELECT segmentation.refresh(id::text) FROM segmentation.model WHERE source IS NOT NULL;
SQL

# what models say and refuse; moments do not matter
sub model_answers
{
	my ($node) = @_;
	my @answers = map {
		my ($status, $out, $err) = $node->psql('shop', "SET search_path = public, types; BEGIN; $_; ROLLBACK");
		"$out$err" =~ s/^psql:<stdin>:\d+: //gmr;
	  } "SELECT count(*), min(segments::text) FROM app.size_at('2025-01-15')",
	  "SELECT segment, count(*) FROM app.size_member GROUP BY 1 ORDER BY 1",
	  "SELECT segment, left_at IS NULL, count(*) FROM app.size_stay GROUP BY 1, 2 ORDER BY 1, 2",
	  "SELECT id, source, assignment, history, member, override FROM segmentation.model ORDER BY id",
	  "SELECT * FROM segmentation.model_overrides('size')",
	  "INSERT INTO app.size_override (tenant, id, segment, member, reason) VALUES (1, 1, 'medium', true, 'no such segment')",
	  "UPDATE app.size_override SET member = false; SELECT entered, exited FROM segmentation.refresh('size'); SELECT id, cause FROM app.size_history ORDER BY since DESC LIMIT 1",
	  "SELECT * FROM segmentation.segment_dependency ORDER BY 1, 2, 3, 4",
	  "SELECT * FROM segmentation.define_segment('aa-first', 'both', title => 'Both')",
	  "SELECT segmentation.define_segment('size', 'small', 'in_segment(''aa-first'', ''both'')')",
	  "SELECT segmentation.drop_segment('size', 'small')",
	  "SELECT segmentation.drop_model('size')",
	  "SELECT model, cause, rows_read, entered, exited, changed FROM segmentation.model m, segmentation.refresh(m.id::text)
		WHERE source IS NOT NULL ORDER BY m.id; SELECT * FROM segmentation.verify('size')",
	  "SELECT segmentation.drop_model('aa-first'); SELECT segmentation.drop_model('size')";
	return join "\n--\n", @answers;
}

# each table's rows, and how many of them an index or a partition's hash loses
sub contents
{
	my ($node) = @_;
	my $rows = join ' UNION ALL ', map { "SELECT '$_', count(*), md5(string_agg(t::text, '|' ORDER BY t::text COLLATE \"C\")) FROM $_ t" } @tables;
	return $node->safe_psql('shop', "SET search_path = public, types; $rows ORDER BY 1");
}

sub lost
{
	my ($node) = @_;
	my @lost = map {
		my ($table, $column) = @$_;
		"SELECT count(*) FROM customer c WHERE $column IS NOT NULL AND
		(SELECT count(*) FROM $table t WHERE t.$column = c.$column AND t.id = c.id) <> 1"
	} [ by_segment => 'segment' ], [ by_price => 'price' ], [ customer => 'price' ], [ customer => 'segment' ];
	return $node->safe_psql('shop', join ';', 'SET search_path = public, types', 'SET enable_seqscan = off', @lost);
}

# what a lock lets through, refuses and finds
sub lock_answers
{
	my ($node) = @_;
	my @answers = map {
		my ($status, $out, $err) = $node->psql('shop', "SET search_path = public, types; BEGIN; $_; ROLLBACK");
		"$out$err" =~ s/^psql:<stdin>:\d+: //gmr;
	  } "UPDATE app.customer SET segment = 'enterprise' WHERE id = 1",
	  "UPDATE app.customer SET segment_locked_at = NULL WHERE id = 1",
	  "INSERT INTO app.subscription VALUES (1, 1, 2, 'gold')",
	  "UPDATE app.offer SET segment = 'smb' WHERE code = 'gold'",
	  "INSERT INTO app.subscription VALUES (1, 151, 1, 'gold'); SELECT segment, segment_locked_at IS NOT NULL FROM app.customer WHERE id = 151",
	  q{INSERT INTO "Laden"."Abo" VALUES ('1', 'fr')},
	  q{UPDATE "Laden"."Kunde" SET "Segment" = 'de' WHERE "Nr." = '2'},
	  q{UPDATE "Laden"."Kunde" SET "Segment" = 'de' WHERE "Nr." = '3'; SELECT * FROM "Laden"."Kunde" WHERE "Nr." = '3'},
	  "INSERT INTO app.contract VALUES (3, 2, 'active', 'free', NULL); SELECT market, segment_locked_at IS NOT NULL FROM app.account WHERE id = 2",
	  "INSERT INTO app.contract VALUES (3, 1, 'active', 'team', '9.90 USD')",
	  "INSERT INTO app.contract VALUES (3, 3, 'suspended', 'free', NULL)",
	  "UPDATE app.contract SET price = '1 EUR' WHERE id = 2; SELECT price FROM app.contract WHERE id = 2",
	  "UPDATE app.account SET market = 'nowhere' WHERE id = 4",
	  "SELECT segmentation.retire_market('active')",
	  "SELECT * FROM segmentation.lock_violations('app.account')",
	  "SELECT * FROM segmentation.lock_violations('app.customer')",
	  "SELECT * FROM segmentation.lock ORDER BY subscriptions::text, argument";
	return join "\n--\n", @answers;
}

my $source = PostgreSQL::Test::Cluster->new('source');
$source->init;
$source->start;
$source->safe_psql('postgres', 'CREATE DATABASE shop');
$source->safe_psql('shop', $types);
$source->safe_psql('shop', $lock);
$source->safe_psql('shop', $markets);
$source->safe_psql('shop', $market_lock);
$source->safe_psql('shop', $models);
my $contents = contents($source);
my $lock_answers = lock_answers($source);
is(() = $lock_answers =~ /^ERROR:  /gm, 10, 'the locks refuse ten changes') or diag $lock_answers;
my $model_answers = model_answers($source);
is(() = $model_answers =~ /^ERROR:  /gm, 4, 'the models refuse four changes') or diag $model_answers;
like($model_answers, qr/^aa-first\|refresh\|200\|0\|0\|0\nquoted\|refresh\|3\|0\|0\|0\nsize\|refresh\|200\|0\|0\|0\n--/m,
	'a refresh at rest: nobody enters or leaves') or diag $model_answers;
is(lost($source), "0\n0\n0\n0", 'every row is found before the dump');

my $target = PostgreSQL::Test::Cluster->new('target');
$target->init;
$target->start;
my $folder = PostgreSQL::Test::Utils::tempdir();

sub restored_as_dumped
{
	my ($name, $dump_options, @restore) = @_;
	restored($name, $dump_options, sub {
		$target->command_ok([ @restore, '-d', 'shop', $restore[0] eq 'psql' ? '-f' : (), @_ ], "$name: restored");
	});
	return;
}

sub restored
{
	my ($name, $dump_options, $restore) = @_;
	my $dump = "$folder/shop.dump";
	$source->command_ok([ 'pg_dump', '-f', $dump, @$dump_options, 'shop' ], "$name: dumped");
	$target->safe_psql('postgres', 'DROP DATABASE IF EXISTS shop');
	$target->safe_psql('postgres', 'CREATE DATABASE shop');
	$restore->($dump);
	is($target->safe_psql('shop', 'SELECT * FROM segmentation.check_restore()'), '', "$name: nothing is missing");
	is(contents($target), $contents, "$name: the same rows");
	is(lost($target), "0\n0\n0\n0", "$name: every row is found by index and by partition");
	is(lock_answers($target), $lock_answers, "$name: the locks hold as before");
	is(model_answers($target), $model_answers, "$name: the models answer as before");
	return;
}

my @psql = qw(psql -X -q -v ON_ERROR_STOP=1);
my @pg_restore = qw(pg_restore --exit-on-error);
restored_as_dumped('plain', [], @psql);
restored_as_dumped('plain, through the root', ['--load-via-partition-root'], @psql);
restored_as_dumped('plain, as INSERT', ['--inserts'], @psql);
restored_as_dumped('custom', ['-Fc'], @pg_restore);
# parallel jobs know nothing of foreign keys between tables of an extension, nor
# of users' to them: its own tables are loaded first
sub restore_in_sections
{
	my ($dump) = @_;
	$target->command_ok([ @pg_restore, '-d', 'shop', @$_, $dump ], "in sections: @$_")
	  for ['--section=pre-data'], [ '--section=data', '-n', 'segmentation' ],
	  [ '--section=data', '-N', 'segmentation', '-j', 4 ], [ '--section=post-data', '-j', 4 ];
	return;
}

for my $run (1 .. $ENV{RUNS} // 2)
{
	restored("in sections, run $run", [ '-Fc', $run % 2 ? '--load-via-partition-root' : () ], \&restore_in_sections);
}

# all data by parallel jobs that look at no foreign key: right if they are a step of their own
sub restore_as_replica
{
	my ($dump) = @_;
	my @data = (qw(env PGOPTIONS=-csession_replication_role=replica), @pg_restore, qw(-d shop --section=data -j 4));
	$target->command_ok([ @pg_restore, qw(-d shop --section=pre-data), $dump ], 'as a replica: before data');
	$target->command_ok([ @data, $dump ], 'as a replica: data');
	$target->command_ok([ @pg_restore, qw(-d shop --section=post-data -j 4), $dump ], 'as a replica: after data');
	return;
}
restored('data as a replica', ['-Fc'], \&restore_as_replica);

# what a default and a constraint say is dumped as text, and means the same
is($target->safe_psql('shop', 'INSERT INTO customer (id) VALUES (0) RETURNING price'), '9.90 EUR', 'a default');
my ($status, $out, $err) = $target->psql('shop', "INSERT INTO customer (price) VALUES ('1 GBP')");
like($err, qr/violates check constraint "customer_price_check"/, 'a constraint');

# COPY in every format takes the same values back
for my $format (qw(text csv binary))
{
	$source->safe_psql('shop', "COPY customer TO '$folder/rows' (FORMAT $format)");
	$target->safe_psql('shop', "TRUNCATE customer; COPY customer FROM '$folder/rows' (FORMAT $format)");
	is(contents($target), $contents, "COPY in format $format");
}

# markets that come after those restored
is($target->safe_psql('shop', "SET search_path = public, types;
	SELECT id FROM segmentation.create_market('it', 'EUR'); SELECT count(*) FROM segmentation.segment WHERE model = 'market'"), "it\n7",
	'another market');

# a relation that cannot be had back: all models come, and those that lack it say so
$source->safe_psql('shop', <<'SQL');
SET search_path = public, types;
CREATE TABLE app.lost (id int PRIMARY KEY);
SELECT segmentation.create_model('lost', 'app.lost', '{id}', schema => 'app');
DROP TABLE app.lost;
CREATE TABLE app.lost (id int PRIMARY KEY, name text);
CREATE FUNCTION app.fails(text) RETURNS segment_id IMMUTABLE LANGUAGE sql AS 'SELECT $1::segment_id';
CREATE TABLE app.other (id int PRIMARY KEY, c text, s segment_id GENERATED ALWAYS AS (app.fails(c)) STORED);
INSERT INTO app.other VALUES (1, 'x');
SELECT segmentation.create_model('other', 'app.other', '{id}', schema => 'app');
SELECT FROM segmentation.define_segment('other', 'x', $$ s = 'x' $$);
SELECT appeared FROM segmentation.refresh('other');
CREATE TABLE app.renamed (id int PRIMARY KEY);
SELECT segmentation.create_model('renamed', 'app.renamed', '{id}', schema => 'app');
ALTER TABLE app.renamed RENAME TO is_called_now;
CREATE TABLE app.swapped (id int PRIMARY KEY);
SELECT segmentation.create_model('swapped', 'app.swapped', '{id}', schema => 'app');
ALTER TABLE app.swapped RENAME TO swapped_old;
CREATE TABLE app.swapped (id int PRIMARY KEY);
CREATE MATERIALIZED VIEW app.late AS
    SELECT c.*, count(s.n) FROM app.customer c LEFT JOIN app.subscription s ON s.customer = c.id GROUP BY c.tenant, c.id;
SELECT segmentation.create_model('late', 'app.late', '{tenant,id}', schema => 'app');
SELECT FROM segmentation.refresh('late');
SQL
$source->command_ok([ 'pg_dump', '-Fc', '-f', "$folder/lost.dump", 'shop' ], 'dumped with what cannot be restored');
$target->safe_psql('postgres', 'DROP DATABASE IF EXISTS shop');
$target->safe_psql('postgres', 'CREATE DATABASE shop');
$target->command_fails_like([ 'pg_restore', '-d', 'shop', "$folder/lost.dump" ], qr/app\.other/, 'a table that cannot be restored');
is($target->safe_psql('shop', 'SELECT id, source FROM segmentation.model WHERE source IS NOT NULL ORDER BY id'),
	join("\n", 'aa-first|app.profile', 'late|app.late', 'lost|(app.lost)', 'other|app.other', 'quoted|"Laden"."Kunde"',
		'renamed|app.is_called_now', 'size|app.profile', 'swapped|app.swapped_old (app.swapped)'), 'all models are restored');
is($target->safe_psql('shop', 'SELECT finding, object FROM segmentation.check_restore()'),
	"model-gone|lost\nmodel-gone|other\nmodel-swapped|swapped", 'those say so that lack their source');
is($target->safe_psql('shop', q{SELECT rows_read FROM segmentation.refresh('late')}), 200,
	'a materialized view that comes after the data is the source again');
is($target->safe_psql('shop', q{SELECT count(*) FROM app.other_assignment; SELECT rule FROM segmentation.segment WHERE model::text = 'other'}),
	"1\n(s OPERATOR(types.=) 'x'::types.segment_id)", 'the model without a source has its answers and its rule');
my ($refused, $nothing, $said) = $target->psql('shop', q{SELECT segmentation.refresh('other')});
like($said, qr/source of model "other" does not exist.*app\.other was not there when the model was restored.*alter_model\('other'/s, 'its refresh says what it lacks');
$target->safe_psql('shop', q{CREATE TABLE app.other (id int PRIMARY KEY, s types.segment_id); INSERT INTO app.other VALUES (1, 'x')});
is($target->safe_psql('shop', q{SELECT changed, vanished FROM segmentation.refresh('other')}), '0|0', 'and it goes on where it was');

done_testing();
