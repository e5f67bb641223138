# lock.pl: one million customers, locked to their segment, and their
# subscriptions: without a foreign key, with one, with the lock besides, with
# a lock with markets, and with a trigger in plpgsql that does by hand what the
# lock does
use strict;
use warnings;

my $customers = rows(1_000_000);
my $subscriptions = rows(300_000);
my @sides = qw(none fk lock market by_hand);

sub tables
{
	my ($side) = @_;
	my $reference = $side eq 'none' ? '' : "REFERENCES customer_$side";
	return ("
	CREATE TABLE customer_$side (id bigint PRIMARY KEY, name text, segment segment_id, segment_locked_at timestamptz)
		WITH (fillfactor = 45)",
		"INSERT INTO customer_$side SELECT i, 'customer ' || i, 'eu' FROM generate_series(1, $customers) i", "
	CREATE TABLE subscription_$side (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
		customer bigint NOT NULL $reference, segment segment_id NOT NULL)");
}

setup((map { tables($_) } @sides), "
	CREATE FUNCTION compare_by_hand() RETURNS trigger LANGUAGE plpgsql AS \$\$
	DECLARE
		customer_segment segment_id;
	BEGIN
		SELECT segment INTO customer_segment FROM customer_by_hand WHERE id = NEW.customer FOR SHARE;
		IF customer_segment <> NEW.segment THEN
			RAISE check_violation USING MESSAGE = 'another segment';
		END IF;
		RETURN NULL;
	END
	\$\$", "
	CREATE FUNCTION lock_by_hand() RETURNS trigger LANGUAGE plpgsql AS \$\$
	BEGIN
		UPDATE customer_by_hand SET segment_locked_at = now(), segment = coalesce(segment, NEW.segment)
		WHERE id = NEW.customer AND segment_locked_at IS NULL;
		RETURN NULL;
	END
	\$\$",
	'CREATE TRIGGER by_hand AFTER INSERT ON subscription_by_hand FOR EACH ROW EXECUTE FUNCTION compare_by_hand()',
	"SELECT count(*) FROM segmentation.install_lock('customer_lock', 'subscription_lock')",
	"INSERT INTO segmentation.market (id, currency, status) VALUES ('eu', 'EUR', 'active')",
	'ALTER TABLE subscription_market ADD COLUMN price currency_price',
	"SELECT count(*) FROM segmentation.install_lock('customer_market', 'subscription_market',
		subscription_price => 'price', markets => true)",
	(map { "UPDATE customer_$_ SET segment_locked_at = now()" } @sides),
	'VACUUM (FREEZE, ANALYZE)');

my %one_row = map { $_ => "\\set customer random(1, $customers)\n"
	. "INSERT INTO subscription_$_ (customer, segment) VALUES (:customer, 'eu')" } @sides;

$one_row{market} = "\\set customer random(1, $customers)\n"
	. "INSERT INTO subscription_market (customer, segment, price) VALUES (:customer, 'eu', '9.90 EUR')";

# of costs per transaction: what a side adds to that of another, by their transactions per second
sub added
{
	my ($side, $other) = @_;
	return 1 / $side - 1 / $other;
}

for my $clients (1, 8)
{
	compare(
		name => "cost that the lock adds to a subscription of a locked customer, $clients clients",
		peer_name => 'cost that the foreign key adds',
		sides => {map { $_ => $one_row{$_} } qw(none fk lock)},
		measure => tps($clients, 5), unit => ' tps',
		ratio => sub { my %m = @_; added($m{lock}, $m{fk}) / added($m{fk}, $m{none}) }, at_most => 1.1);
	compare(
		name => "cost that the lock adds to a subscription of a locked customer, against a trigger, $clients clients",
		peer_name => 'cost that a plpgsql trigger adds which reads the customer FOR SHARE and compares',
		sides => {map { $_ => $one_row{$_} } qw(fk lock by_hand)},
		measure => tps($clients, 5), unit => ' tps',
		ratio => sub { my %m = @_; added($m{lock}, $m{fk}) / added($m{by_hand}, $m{fk}) }, at_most => 0.85);
	compare(
		name => "time of a subscription of a locked customer with markets and prices, $clients clients",
		peer_name => 'the lock without markets',
		sides => {map { $_ => $one_row{$_} } qw(lock market)},
		measure => tps($clients, 5), unit => ' tps',
		ratio => sub { my %m = @_; $m{lock} / $m{market} }, at_most => 1.3);
}

sub bulk
{
	my ($side) = @_;
	return "INSERT INTO subscription_$side (customer, segment) SELECT i, 'eu' FROM generate_series(1, $subscriptions) i";
}

compare(
	name => "cost that the lock adds to one INSERT of $subscriptions subscriptions of locked customers",
	peer_name => 'cost that the foreign key adds',
	sides => {map { $_ => bulk($_) } qw(none fk lock)},
	unit => ' ms',
	before => sub { psql("TRUNCATE subscription_$_[0]") },
	ratio => sub { my %m = @_; ($m{lock} - $m{fk}) / ($m{fk} - $m{none}) }, at_most => 0.5);

# the guard is off while customers are made as if they had never subscribed
sub unlock
{
	my ($side) = @_;
	psql("TRUNCATE subscription_$side");
	psql("ALTER TABLE customer_$side DISABLE TRIGGER USER");
	psql("UPDATE customer_$side SET segment_locked_at = NULL WHERE id <= $subscriptions");
	psql("ALTER TABLE customer_$side ENABLE TRIGGER USER");
	psql("VACUUM ANALYZE customer_$side");
}

psql('CREATE OR REPLACE TRIGGER by_hand AFTER INSERT ON subscription_by_hand FOR EACH ROW EXECUTE FUNCTION lock_by_hand()')
	if psql("SELECT to_regclass('subscription_by_hand')") =~ /by_hand/;
compare(
	name => "cost that the lock adds to one INSERT of $subscriptions first subscriptions",
	peer_name => 'cost that a plpgsql row trigger adds which updates the customer',
	sides => {map { $_ => bulk($_) } qw(fk lock by_hand)},
	unit => ' ms',
	before => \&unlock,
	ratio => sub { my %m = @_; ($m{lock} - $m{fk}) / ($m{by_hand} - $m{fk}) }, at_most => 0.5);

compare(
	name => "UPDATE of another column of $customers locked customers",
	peer_name => 'without the lock',
	sides => {map { $_ => "UPDATE customer_$_ SET name = name || '.'" } qw(fk lock)},
	unit => ' ms',
	before => sub { psql("UPDATE customer_$_[0] SET segment_locked_at = now() WHERE segment_locked_at IS NULL"); psql("VACUUM customer_$_[0]") },
	ratio => sub { my %m = @_; $m{lock} / $m{fk} }, at_most => 1.05);
