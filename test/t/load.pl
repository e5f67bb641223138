# load.pl: eight sessions at once do what applications do, at every isolation
# level, and at no moment do a customer and a subscription contradict each
# other; also not after a crash in the middle of it.
#
#   LOAD_SECONDS=60 make test TEST=load      a minute of it, by default ten seconds
#   LOAD_MARKETS=0 make test TEST=load       segments are no markets of the catalogue
#
# The only errors that may come are refusals of the lock and serialization
# failures.  So sessions keep the order of locks that every application needs:
#   - a transaction changes or deletes existing subscriptions first, several of
#     them only alone(), and one customer only, or several in one INSERT;
#   - customers of LASTING are never deleted.  One of FLEETING is locked before
#     it is used, or the foreign key itself might refuse what comes then.
# Every random number comes from the session's number, so that a run can be
# repeated as far as the machine allows.
use strict;
use warnings;
use POSIX ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

use constant {
	SESSIONS => 8,
	TENANTS => 2,
	LASTING => 3,
	FLEETING => 3,
	SECONDS => $ENV{LOAD_SECONDS} || 10,
	MARKETS => $ENV{LOAD_MARKETS} // 1
};
my @segments = qw(smb mid enterprise);
my @constraints = map { "segmentation_lock_$_" } qw(subscription customer offer), MARKETS ? 'market' : ();

my $node = PostgreSQL::Test::Cluster->new('load');
$node->init;
$node->append_conf('postgresql.conf', <<'CONF');
fsync = on
log_statement = none
log_min_error_statement = panic
CONF
$node->start;

# three kinds of subscriptions: by offers, partitioned, with a deferred foreign key
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION segmentation;
CREATE SCHEMA app;
SET search_path = app, public;
CREATE TABLE customer (tenant_id int, id int, name text, segment segment_id,
	PRIMARY KEY (tenant_id, id));
CREATE TABLE plan (id int PRIMARY KEY, segment segment_id NOT NULL);
CREATE TABLE subscription (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	tenant_id int NOT NULL, customer_id int NOT NULL, plan_id int NOT NULL REFERENCES plan,
	status text NOT NULL, FOREIGN KEY (tenant_id, customer_id) REFERENCES customer);
CREATE TABLE contract (id bigserial, tenant_id int NOT NULL, customer_id int NOT NULL,
	segment segment_id NOT NULL, price currency_price, status text NOT NULL, PRIMARY KEY (tenant_id, id),
	FOREIGN KEY (tenant_id, customer_id) REFERENCES customer) PARTITION BY HASH (tenant_id);
CREATE TABLE contract_0 PARTITION OF contract FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE contract_1 PARTITION OF contract FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE TABLE trial (id bigserial PRIMARY KEY, tenant_id int NOT NULL, customer_id int NOT NULL,
	segment segment_id NOT NULL,
	FOREIGN KEY (tenant_id, customer_id) REFERENCES customer DEFERRABLE INITIALLY DEFERRED);
CREATE INDEX ON subscription (tenant_id, customer_id);
CREATE INDEX ON subscription (plan_id);
CREATE INDEX ON contract (tenant_id, customer_id);
CREATE INDEX ON trial (tenant_id, customer_id);

SELECT segmentation.install_lock('customer', 'subscription', offers => 'plan',
	locks_when => $$status <> 'draft'$$, running_when => $$status = 'active'$$);
SELECT segmentation.install_lock('customer', 'trial');

-- what happened to locked customers, noted without the extension
CREATE TABLE change (customer_key text[], from_segment text, to_segment text);
CREATE FUNCTION note_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO app.change VALUES (ARRAY[NEW.tenant_id, NEW.id], OLD.segment, NEW.segment);
	RETURN NULL;
END $$;
CREATE TRIGGER note_change AFTER UPDATE ON customer FOR EACH ROW
	WHEN (OLD.segment_locked_at IS NOT NULL AND
		(OLD.segment, OLD.segment_locked_at) IS DISTINCT FROM (NEW.segment, NEW.segment_locked_at))
	EXECUTE FUNCTION note_change();
SQL
# contracts know their markets, which are suspended and become active again
my $markets = MARKETS ? 'true' : 'false';
my $price = MARKETS ? "'price'" : 'NULL';
$node->safe_psql('postgres', <<SQL);
INSERT INTO segmentation.market (id, currency, countries, status) VALUES
	('smb', 'EUR', '{FR}', 'active'), ('mid', 'USD', '{US}', 'active'), ('enterprise', 'GBP', '{GB}', 'active');
INSERT INTO segmentation.offer (market, code, free) SELECT id, 'free', true FROM segmentation.market;
INSERT INTO segmentation.offer_text (market, offer, language, title) SELECT id, 'free', 'en', 'Free' FROM segmentation.market;
SELECT segmentation.install_lock('app.customer', 'app.contract', markets => $markets, subscription_price => $price,
	locks_when => \$\$status <> 'draft'\$\$, running_when => \$\$status = 'active'\$\$);
SQL
$node->safe_psql('postgres', "INSERT INTO app.customer (tenant_id, id) "
	  . "SELECT t, c FROM generate_series(1, ${\TENANTS}) t, generate_series(1, ${\(LASTING + FLEETING)}) c;"
	  . "INSERT INTO app.plan SELECT i, ('{smb,mid,enterprise}'::public.segment_id[])[i % 3 + 1] FROM generate_series(1, 9) i");

# every contradiction, in plain SQL
my $contradictions = <<'SQL';
WITH subscribed AS (
	SELECT s.tenant_id, s.customer_id, p.segment, s.status, NULL::public.currency_price AS price
	FROM app.subscription s JOIN app.plan p ON p.id = s.plan_id
	UNION ALL SELECT tenant_id, customer_id, segment, status, price FROM app.contract
	UNION ALL SELECT tenant_id, customer_id, segment, 'active', NULL FROM app.trial)
SELECT s.*, c.segment, c.segment_locked_at
FROM subscribed s LEFT JOIN app.customer c ON (c.tenant_id, c.id) = (s.tenant_id, s.customer_id)
WHERE s.status <> 'draft'
	AND (c.id IS NULL OR c.segment IS NULL OR c.segment_locked_at IS NULL
		OR (s.status = 'active' AND s.segment IS DISTINCT FROM c.segment)
		OR (s.status = 'active' AND :markets AND public.currency(s.price)
			<> (SELECT m.currency FROM segmentation.market m WHERE m.id = s.segment)))
SQL
$contradictions =~ s/:markets/$markets/;

# changes of locked customers that are no recorded moves
my $unrecorded = <<'SQL';
SELECT * FROM app.change
EXCEPT ALL SELECT customer_key, from_segment, to_segment FROM segmentation.customer_move
SQL

sub pick { return $_[rand @_]; }

sub chance { return rand() < shift; }

# a customer as an SQL condition and as values; lasting ones are never deleted
sub customer
{
	my ($id, $tenant) = @_;
	$tenant //= chance(0.8) ? 1 : TENANTS;
	$id //= 1 + int rand(LASTING + FLEETING);
	return {tenant => $tenant, id => $id, lasting => $id <= LASTING,
		key => "tenant_id = $tenant AND id = $id",
		subscriptions => "tenant_id = $tenant AND customer_id = $id"};
}

sub lasting { return customer(1 + int rand LASTING); }

sub fleeting { return customer(LASTING + 1 + int rand FLEETING); }

# before several subscriptions of a customer change, or a fleeting one itself
sub alone
{
	my ($customer) = @_;
	return "SELECT pg_advisory_xact_lock($customer->{tenant}, $customer->{id})";
}

# plans 7 to 9 change their segment now and then; they are used by single statements
sub any_plan { return shift && chance(0.5) ? pick(7, 8, 9) : 1 + int rand 6; }

sub status { return pick(qw('active' 'active' 'draft' 'ended')); }

# a segment, or the customer's, as an SQL expression
sub segment
{
	my ($customer) = @_;
	my $random = "'" . pick(@segments) . "'";
	return chance(0.3) ? $random
	  : "coalesce((SELECT segment FROM app.customer WHERE $customer->{key}), $random)";
}

# a price in the market's currency, as an SQL expression; with markets others are tried, too
sub price
{
	my ($segment) = @_;
	return 'NULL' if chance(0.1);
	return "'1 JPY'::public.currency_price" if MARKETS && chance(0.15);
	return "public.currency_price(1, (SELECT m.currency FROM segmentation.market m WHERE m.id = $segment))";
}

sub subscribe
{
	my ($customer, $single) = @_;
	my $table = pick(qw(subscription subscription contract trial));
	my $segment = segment($customer);
	my $plan = any_plan($single);
	my %columns = (tenant_id => $customer->{tenant}, customer_id => $customer->{id});
	$columns{status} = status() if $table ne 'trial';
	$columns{segment} = "$segment\::public.segment_id" if $table ne 'subscription';
	$columns{price} = price($columns{segment}) if $table eq 'contract';
	$columns{plan_id} = chance(0.5) ? $plan
	  : "coalesce((SELECT min(p.id) FROM app.plan p WHERE p.id <= 6 AND p.segment = $segment), $plan)"
	  if $table eq 'subscription';
	my @names = sort keys %columns;
	my $locked = $customer->{lasting} ? '' : "FROM app.customer WHERE $customer->{key} FOR KEY SHARE";
	return "INSERT INTO app.$table (@{[join ', ', @names]}) SELECT @{[join ', ', @columns{@names}]} $locked";
}

# statements that change one subscription: locked before its customer where that is lasting
sub change
{
	my ($customer, $single) = @_;
	my $table = pick(qw(subscription subscription contract trial));
	my $to = 'customer_id = ' . (1 + int rand LASTING);
	my $segment = "segment = '" . pick(@segments) . "'";
	my $set = pick({
			subscription => ['status = ' . status(), "status = 'active'", 'plan_id = ' . any_plan($single), $to],
			contract => ['status = ' . status(), "status = 'active'", $segment, $to, 'price = ' . price('t.segment')],
			trial => [$segment, $to]}->{$table}->@*);
	my $one = "SELECT id FROM app.$table WHERE $customer->{subscriptions} ORDER BY random() LIMIT 1";
	my @statements = "UPDATE app.$table t SET $set WHERE tenant_id = $customer->{tenant} AND id = ($one)";
	@statements = "MERGE INTO app.$table t USING ($one) o ON t.id = o.id AND t.tenant_id = $customer->{tenant} "
	  . "WHEN MATCHED THEN UPDATE SET $set" if chance(0.2);
	unshift @statements, "SELECT FROM app.customer WHERE $customer->{key} FOR KEY SHARE"
	  if !$customer->{lasting};
	return @statements;
}

# an INSERT that becomes an UPDATE
sub upsert
{
	my ($customer) = @_;
	return "INSERT INTO app.subscription (id, tenant_id, customer_id, plan_id, status) OVERRIDING SYSTEM VALUE "
	  . "SELECT id, tenant_id, customer_id, ${\any_plan(1)}, 'active' FROM app.subscription "
	  . "WHERE $customer->{subscriptions} LIMIT 1 ON CONFLICT (id) DO UPDATE SET status = 'active', plan_id = EXCLUDED.plan_id";
}

# several customers in any order; more rows than a few are another plan of the lock
sub subscribe_many
{
	my $rows = pick(3, 8, 150);
	my $segment = chance(0.5) ? 'c.segment' : "'" . pick(@segments) . "'";
	my $contract_segment = "coalesce($segment, 'smb')::public.segment_id";
	my $from = "FROM app.customer c, generate_series(1, 20) WHERE c.id <= ${\LASTING} ORDER BY random() LIMIT $rows";
	return pick(
		"INSERT INTO app.subscription (tenant_id, customer_id, plan_id, status) SELECT c.tenant_id, c.id, "
		  . "coalesce((SELECT min(p.id) FROM app.plan p WHERE p.segment = $segment), 1), 'active' $from",
		"INSERT INTO app.contract (tenant_id, customer_id, segment, price, status) SELECT c.tenant_id, c.id, "
		  . "$contract_segment, ${\price($contract_segment)}, 'active' $from");
}

sub change_customer
{
	my ($customer) = @_;
	my $segment = pick(@segments);
	my $set = pick("segment = '$segment'", 'segment = NULL', 'segment_locked_at = NULL', "name = 'changed'",
		"segment = '$segment', segment_locked_at = now()");
	return "UPDATE app.customer SET $set WHERE $customer->{key}";
}

# no subscription of the customer runs after it, for the moment
sub end_subscriptions
{
	my ($customer) = @_;
	return ((map { chance(0.5) ? "DELETE FROM app.$_ WHERE $customer->{subscriptions}"
				: "UPDATE app.$_ SET status = 'ended' WHERE $customer->{subscriptions} AND status = 'active'" }
			qw(subscription contract)),
		"DELETE FROM app.trial WHERE $customer->{subscriptions}");
}

sub move
{
	my ($customer) = @_;
	return "SELECT segmentation.move_customer('app.customer', ARRAY[tenant_id, id]::text[], "
	  . "'${\pick(@segments)}', 'load') FROM app.customer WHERE $customer->{key}";
}

sub create_customer
{
	my ($customer) = @_;
	my $segment = chance(0.5) ? 'NULL' : "'" . pick(@segments) . "'";
	return "INSERT INTO app.customer (tenant_id, id, segment) VALUES ($customer->{tenant}, $customer->{id}, $segment) "
	  . 'ON CONFLICT DO NOTHING';
}

# with the trials, or without: their foreign key is content with a new customer
sub delete_customer
{
	my ($customer, @tables) = @_;
	return ("SELECT FROM app.customer WHERE $customer->{key} FOR UPDATE",
		(map { "DELETE FROM app.$_ WHERE $customer->{subscriptions}" } @tables),
		"DELETE FROM app.customer WHERE $customer->{key}");
}

sub early_trial
{
	my ($customer) = @_;
	return "INSERT INTO app.trial (tenant_id, customer_id, segment) "
	  . "VALUES ($customer->{tenant}, $customer->{id}, '${\pick(@segments)}')";
}

# Kinds of transactions with their weights; what they give are statements.  Moves
# need read committed.  At another level the delete of a customer would not find
# the newest subscriptions, and so be refused by the foreign key.
my @kinds = (
	[30, sub { subscribe(customer(), 1) }],
	[10, sub { my $c = customer(); map { subscribe($c) } 1 .. 3 }],
	[8, sub { my $c = customer(); ('SAVEPOINT a', subscribe($c), 'ROLLBACK TO a', subscribe($c), 'RELEASE a', subscribe($c)) }],
	[5, sub { (subscribe(customer()), 'ROLLBACK') }],
	[20, sub { change(customer(), 1) }],
	[5, sub { my $c = customer(); (change($c), subscribe($c)) }],
	[3, sub { (change(customer()), 'ROLLBACK') }],
	[3, sub { upsert(lasting()) }],
	[6, sub { subscribe_many() }],
	[10, sub { change_customer(customer()) }],
	[3, sub { my $c = customer(); (change_customer($c), $c->{lasting} ? subscribe($c) : ()) }],
	[6, sub { move(lasting()) }, 'READ COMMITTED'],
	[12, sub { my $c = customer(); (alone($c), end_subscriptions($c), 'COMMIT', 'BEGIN', alone($c), move($c)) }, 'READ COMMITTED'],
	[6, sub { 'UPDATE app.plan SET segment = ' . "'" . pick(@segments) . "' WHERE id = " . pick(7, 8, 9) }],
	[8, sub { my $c = fleeting(); (alone($c), create_customer($c)) }],
	[3, sub { my $c = fleeting(); (alone($c), delete_customer($c, qw(subscription contract trial))) }, 'READ COMMITTED'],
	[3, sub { my $c = fleeting(); (alone($c), delete_customer($c, qw(subscription contract)), create_customer($c)) }, 'READ COMMITTED'],
	[2, sub { my $c = fleeting(); (alone($c), early_trial($c), create_customer($c)) }],
	[MARKETS ? 3 : 0, sub { "UPDATE segmentation.market SET status = '" . pick(qw(active active suspended))
		. "' WHERE id = '" . pick(@segments) . "'" }]);

sub transaction
{
	my $sum = 0;
	$sum += $_->[0] for @kinds;
	my $at = rand $sum;
	my ($kind) = grep { ($at -= $_->[0]) < 0 } @kinds;
	my $isolation = $kind->[2] // pick('READ COMMITTED', 'READ COMMITTED', 'REPEATABLE READ', 'SERIALIZABLE');
	my ($before, $after) = map { [chance(0.3) ? 'SELECT pg_sleep(0.005)' : ()] } 1 .. 2;
	return join('\\; ', "BEGIN ISOLATION LEVEL $isolation", @$before, $kind->[1]->(), @$after, 'COMMIT')
	  . ";\nROLLBACK;\n";
}

# one session: sends transactions until the time is over or the server is
sub session
{
	my ($seed, $commit, $until, $errors) = @_;
	local $SIG{PIPE} = 'IGNORE';
	local $ENV{PGOPTIONS} = "-c client_min_messages=error -c synchronous_commit=$commit";
	srand($seed);
	my $psql = sprintf "exec psql -Xq -v VERBOSITY=verbose -o /dev/null -f - '%s' >/dev/null 2>'%s'",
	  $node->connstr('postgres'), $errors;
	open my $input, '|-', $psql or die "psql: $!";
	$input->autoflush;
	while (time < $until)
	{
		print $input transaction() or last;
	}
	return close $input;
}

sub start_sessions
{
	my ($seconds, $phase, $commit) = @_;
	my %sessions;
	for my $number (0 .. SESSIONS - 1)
	{
		my $errors = "$PostgreSQL::Test::Utils::tmp_check/load_${phase}_$number.log";
		my $pid = fork // die "fork: $!";
		if (!$pid)
		{
			my $done = session(1 + $number + SESSIONS * $phase, $commit, time + $seconds, $errors);
			POSIX::_exit($done ? 0 : 1);
		}
		$sessions{$pid} = $errors;
	}
	return \%sessions;
}

# waits for them; returns how many were cut off, and what errors they met how often
sub end_sessions
{
	my ($sessions) = @_;
	my $cut_off = 0;
	my %errors;
	for my $pid (sort keys %$sessions)
	{
		waitpid $pid, 0;
		$cut_off++ if $?;
		my $log = slurp_file($sessions->{$pid});
		while ($log =~ /^(?:psql:\S+ )?([A-Z]+):  (\w{5}): (.*(?:\n(?!(?:psql:\S+ )?[A-Z]+:  \w{5}:).*)*)/gm)
		{
			my ($severity, $state, $text) = ($1, $2, $3);
			my ($constraint) = $text =~ /^CONSTRAINT NAME:  (\S+)/m;
			my $key = join ' ', $severity, $state, $constraint // ();
			$errors{$key}{count}++;
			$errors{$key}{example} //= $text;
		}
	}
	return ($cut_off, \%errors);
}

sub only_expected
{
	my ($errors, $name, @others) = @_;
	my %expected = map { $_ => 1 } 'ERROR 40001', @others, map { "ERROR 23514 $_" } @constraints;
	my @unexpected = grep { !$expected{$_} } sort keys %$errors;
	ok(!@unexpected, "$name: no error but refusals of the lock and serialization failures");
	note("$name: $_, $errors->{$_}{count} times") for sort keys %$errors;
	diag("$_, $errors->{$_}{count} times: $errors->{$_}{example}") for @unexpected;
}

sub none
{
	my ($sql, $name) = @_;
	is($node->safe_psql('postgres', $sql), '', $name);
}

sub consistent
{
	my ($when) = @_;
	none($contradictions, "no contradiction $when");
	none("SELECT * FROM segmentation.lock_violations('app.customer')", "nor does lock_violations find one");
	none($unrecorded, 'locked customers have changed by recorded moves only');
}

# every snapshot is a moment at which nothing may contradict anything
sub watch
{
	my ($seconds) = @_;
	my $watched = $node->safe_psql('postgres', <<SQL);
CREATE FUNCTION app.watch() RETURNS text LANGUAGE plpgsql AS \$\$
DECLARE
	found text;
	moments int := 0;
BEGIN
	WHILE found IS NULL AND clock_timestamp() < now() + interval '$seconds s' LOOP
		SELECT string_agg(t::text, E'\\n') INTO found FROM ($contradictions) t;
		PERFORM pg_sleep(0.01);
		moments := moments + 1;
	END LOOP;
	RETURN coalesce(found, 'nothing in ' || moments || ' moments');
END \$\$;
SELECT app.watch();
SQL
	like($watched, qr/^nothing in \d+ moments$/, "no contradiction at any moment: $watched");
}

my $phase = SECONDS / 2;

my $sessions = start_sessions($phase, 0, 'off');
watch($phase);
my ($cut_off, $errors) = end_sessions($sessions);
is($cut_off, 0, 'all sessions ran to their end');
only_expected($errors, 'run');
ok($errors->{"ERROR 23514 $_"}, "some work was refused by $_") for @constraints;
consistent('after the run');

$sessions = start_sessions($phase + 60, 1, 'on');
sleep $phase;
$node->stop('immediate');
($cut_off, $errors) = end_sessions($sessions);
is($cut_off, SESSIONS, 'the crash cut all sessions off');
only_expected($errors, 'crash', 'FATAL 57P01', 'WARNING 57P01', 'FATAL 57P02', 'WARNING 57P02');
$node->start;
consistent('after the crash');

my $moves = $node->safe_psql('postgres', 'SELECT count(*) FROM segmentation.customer_move');
my $changes = $node->safe_psql('postgres', 'SELECT count(*) FROM app.change');
cmp_ok($moves, '>=', $changes, "$moves customers were moved, $changes of them locked");

$node->stop;
done_testing();
