# Binary NPS tallies and states come back as they were sent; forged ones are
# refused with their SQLSTATE, and harm nothing.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('nps_binary');
$node->init;
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION segmentation; SET client_min_messages = error;'
	. ' CREATE TABLE value (id serial, tally nps_tally, response latest_nps_response)');
my $file = PostgreSQL::Test::Utils::tempdir . '/value';

# COPY's binary format: one row of one column
sub copy_in
{
	my ($column, $bytes) = @_;
	open my $out, '>:raw', $file or die "$file: $!";
	print $out "PGCOPY\n\xff\r\n\0", pack('NNnNa*n', 0, 0, 1, length $bytes, $bytes, 0xffff);
	close $out;
	my ($status, $result, $error) = $node->psql('postgres',
		"\\set VERBOSITY verbose\n\\copy value ($column) FROM '$file' WITH (FORMAT binary)\n"
		  . "SELECT $column FROM value ORDER BY id DESC LIMIT 1");
	return $error =~ /ERROR:  (\S+): / ? $1 : $result;
}

sub counts { return pack 'q>3', @_; }

is(copy_in('tally', counts(291, 476, 395)), '291/476/395', 'a tally');
is(copy_in('tally', counts((2**42 - 1) x 3)), '4398046511103/4398046511103/4398046511103', 'the largest tally');
is(copy_in('tally', counts(-1, 0, 0)), '22P03', 'a negative count');
is(copy_in('tally', counts(0, 2**42, 0)), '22P03', 'a count too large');
is(copy_in('tally', counts(0, 0, -2**63)), '22P03', 'the lowest number');
is(copy_in('tally', substr counts(1, 2, 3), 0, $_), '08P01', "a tally of $_ bytes") for 0, 1, 8, 16, 23;
is(copy_in('tally', counts(1, 2, 3) . "\0"), '22P03', 'a tally of 25 bytes');

sub response { return pack 'cq>', @_; }

is(copy_in('response', response(9, 757382400000000)), '9@757382400000000', 'a response');
is(copy_in('response', response(-1, 0)), 'none', 'no response');
is(copy_in('response', response(0, ~0 >> 1)), '0@9223372036854775807', 'at infinity');
is(copy_in('response', response(-1, 5)), '22P03', 'no response, at a time');
is(copy_in('response', response($_, 0)), '22P03', "score $_") for 11, 127, -2, -128;
is(copy_in('response', response(9, (~0 >> 1) - 1)), '22P03', 'a time beyond the last');
is(copy_in('response', response(9, -(~0 >> 1))), '22P03', 'a time before the first');
is(copy_in('response', substr response(9, 5), 0, $_), '08P01', "a response of $_ bytes") for 0, 1, 8;
is(copy_in('response', response(9, 5) . "\0"), '22P03', 'a response of 10 bytes');

# what is written is read again
$node->safe_psql('postgres', <<"SQL");
CREATE TABLE copied (LIKE value);
\\copy value TO '$file' WITH (FORMAT binary)
\\copy copied FROM '$file' WITH (FORMAT binary)
SQL
is($node->safe_psql('postgres', 'SELECT count(*), count(*) FILTER (WHERE v.tally IS DISTINCT FROM c.tally'
	. ' OR v.response::text IS DISTINCT FROM c.response::text) FROM value v JOIN copied c USING (id)'),
	'5|0', 'a round trip through binary COPY');

# every string of bytes is a value or a refusal
srand 42;
my %outcomes;
for (1 .. 100)
{
	my $bytes = join '', map { chr(rand(6) < 1 ? rand(256) : 0) } 1 .. (rand(2) < 1 ? 9 : 24);
	my $column = length $bytes == 9 ? 'response' : 'tally';
	my $outcome = copy_in($column, $bytes);
	$outcomes{$outcome =~ /^22P03$/ ? 'refused' : $outcome =~ m{^(?:\d+/\d+/\d+|\d+\@-?\d+|none)$} ? 'read' : $outcome}++;
}
is(join(' ', sort keys %outcomes), 'read refused', 'random bytes');
is($node->safe_psql('postgres', 'SELECT nps_class(9)'), 'promoter', 'the server is alive');

done_testing();
