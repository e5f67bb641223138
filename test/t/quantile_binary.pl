# The binary state of quantile_breaks comes back as it was sent; forged ones are
# refused with their SQLSTATE, and harm nothing.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('quantile_binary');
$node->init;
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION segmentation; CREATE TABLE value (id serial, state quantile_state)');
my $file = PostgreSQL::Test::Utils::tempdir . '/value';

# COPY's binary format: one row of one column
sub copy_in
{
	my ($bytes) = @_;
	open my $out, '>:raw', $file or die "$file: $!";
	print $out "PGCOPY\n\xff\r\n\0", pack('NNnNa*n', 0, 0, 1, length $bytes, $bytes, 0xffff);
	close $out;
	my ($status, $result, $error) = $node->psql('postgres',
		"\\set VERBOSITY verbose\n\\copy value (state) FROM '$file' WITH (FORMAT binary)\n"
		  . 'SELECT state FROM value ORDER BY id DESC LIMIT 1');
	return $error =~ /ERROR:  (\S+): / ? $1 : $result;
}

# bins, what the values are, and each value as its upper and lower half
my ($numbers, $reals) = (0, 1);
my $one = [ 0, 10**18 ];
sub state
{
	my ($bins, $unit, @values) = @_;
	return pack('N3', $bins, $unit, scalar @values) . join '', map { pack 'q>2', @$_ } @values;
}

my ($euro) = unpack 'x4N', pack 'H*',
  $node->safe_psql('postgres', "SELECT encode(quantile_state_send('3 EUR 9.9'), 'hex')");

is(copy_in(state(0, 0)), 'empty', 'no values');
is(copy_in(state(5, $numbers, $one, [ -1, -10**18 ])), '5 numbers 1 -1', 'numbers');
is(copy_in(state(1, $numbers, [ 0, 1 ])), '1 numbers 0.000000000000000001', 'the smallest');
is(copy_in(state(10000, $reals, [ 0, 0x3ff0000000000000 ])), '10000 reals 1', 'a real');
is(copy_in(state(3, $euro, $one)), '3 EUR 1', 'a price');

is(copy_in(state(5, 0)), '22P03', 'bins of no values');
is(copy_in(state(0, $euro)), '22P03', 'a currency of no values');
is(copy_in(state($_, $numbers, $one)), '22P03', "$_ bins") for 0, 10001, 2**32 - 1;
is(copy_in(state(5, $_, $one)), '22P03', "values of kind $_") for 2, 27, $euro + 2**24, 2**32 - 1;
is(copy_in(state(5, $numbers, [ 2**62, 0 ])), '22P03', 'a number beyond bigint');
is(copy_in(state(5, $numbers, [ -2**63, 0 ])), '22P03', 'the lowest number of 128 bits');
is(copy_in(state(5, $reals, [ 0, 0x7ff0000000000000 ])), '22P03', 'infinity');
is(copy_in(state(5, $reals, [ 0, 0x7ff8000000000000 ])), '22P03', 'no number');
is(copy_in(state(5, $reals, [ 1, 0 ])), '22P03', 'a real of more than 64 bits');
is(copy_in(state(5, $euro, [ 2**62, 0 ])), '22P03', 'an amount too large');
is(copy_in(substr state(5, $numbers, $one), 0, $_), $_ < 12 ? '08P01' : '22P03', "$_ bytes") for 0, 4, 11, 12, 20, 27;
is(copy_in(state(5, $numbers, $one) . "\0"), '22P03', 'a byte more');
is(copy_in(pack('N3', 5, $numbers, $_) . pack('q>2', @$one)), '22P03', "one value as $_") for 2, 2**28 + 1, 2**32 - 1;

# what is written is read again
$node->safe_psql('postgres', <<"SQL");
CREATE TABLE copied (LIKE value);
\\copy value TO '$file' WITH (FORMAT binary)
\\copy copied FROM '$file' WITH (FORMAT binary)
SQL
is($node->safe_psql('postgres', 'SELECT count(*), count(*) FILTER (WHERE v.state::text IS DISTINCT FROM c.state::text)'
	. ' FROM value v JOIN copied c USING (id)'), '5|0', 'a round trip through binary COPY');

# every string of bytes is a value or a refusal
srand 42;
my %outcomes;
for (1 .. 50)
{
	my $bytes = state(rand(3) < 1 ? rand(20000) : 5, rand(3) < 1 ? rand(2**32) : rand(2),
		map { [ rand(2) < 1 ? 0 : rand(2**40), rand(2**62) ] } 1 .. rand 3);
	my $outcome = copy_in($bytes);
	$outcomes{$outcome =~ /^22P03$/ ? 'refused' : $outcome =~ /^\d+ (?:numbers|reals|[A-Z]{3})(?: -?[\d.e+-]+)+$/ ? 'read' : $outcome}++;
}
is(join(' ', sort keys %outcomes), 'read refused', 'random bytes');
is($node->safe_psql('postgres', 'SELECT nps_class(9)'), 'promoter', 'the server is alive');

done_testing();
