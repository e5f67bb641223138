# Real clients read and write segment ids and prices, arrays and composites of
# them, through parameters, in text and in binary: node-postgres, psycopg and
# libpq, with the code that doc/clients.md gives for each.
use strict;
use warnings;
use Cwd;
use Test::More;

my $folder = "$ENV{TMPDIR}/clients";
my $modules = getcwd() . '/build/clients/node_modules';
mkdir $folder or die "$folder: $!";
$ENV{PGDATABASE} = 'clients';
$ENV{PGCLIENTENCODING} = 'UTF8';
$ENV{NODE_PATH} = $modules;

# segment, amount, currency
my @vectors = (
	[ 'smb', '9.90', 'EUR' ],
	[ 'a', '-5', 'JPY' ],
	[ 'abcdefghijklm', '0', 'USD' ],
	[ '0.-_z9876543210abcdefghi', '999999999999999999', 'JPY' ],
	[ 'z' x 24, '0.000000000000000001', 'KWD' ],
	[ undef, '-999999999999999999', 'EUR' ],
	[ 'key-account', undef, undef ],
	[ undef, undef, undef ],
	[ 'fr_ch.2024', '-0.50', 'HRK' ],
	[ 'z' x 12, '1234567.125', 'KWD' ]);

# the first block of a language in the documentation
sub documented
{
	my ($language, $file) = @_;
	open my $page, '<', 'doc/clients.md' or die "doc/clients.md: $!";
	my ($code) = join('', <$page>) =~ /^```$language\n(.*?)^```$/ms or die "no $language in doc/clients.md";
	open my $out, '>', "$folder/$file" or die "$file: $!";
	print $out $code;
	close $out;
}

sub sql
{
	my ($sql) = @_;
	open my $psql, '-|', 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-c', $sql or die "psql: $!";
	my @lines = <$psql>;
	close $psql or die "psql failed: $sql";
	chomp @lines;
	return @lines;
}

sub literal { return join ', ', map { defined ? "'$_'" : 'NULL' } @_; }

# as a client may show it: without zeros at the end of the decimals
sub shown_price
{
	my (undef, $amount, $currency) = @_;
	return '-' unless defined $amount;
	$amount =~ s/\.?0+$// if $amount =~ /\./;
	return "$amount $currency";
}

sub shown_offer { return sprintf '[%s %s]', $_[0] // '-', shown_price(@_); }

# what a client has to print of the rows that it has written once, and reads in
# a form
sub expected_rows
{
	my ($form) = @_;
	my $segments = join ' ', map { $_->[0] // '-' } @vectors;
	my $prices = join ' ', map { shown_price(@$_) } @vectors;
	return map {
		my ($segment, @price) = @{ $vectors[$_] };
		my $offers = $_ ? shown_offer($segment, @price) : '';
		join ' ', $form, $segment // '-', shown_price($segment, @price), "[$segments]", "[$prices]",
			shown_offer($segment, @price), "[$offers]";
	} 0 .. $#vectors;
}

# prints of different clients made alike: 990e-2 EUR and 9.90 EUR are 9.9 EUR
sub normal
{
	my ($line) = @_;
	return $line if $line =~ /^refused/;
	$line =~ s{(-?)(\d+)e-(\d+)}{
		my $digits = sprintf '%0*s', $3 + 1, $2;
		substr $digits, length($digits) - $3, 0, '.' if $3;
		"$1$digits"}gex;
	$line =~ s/(\.\d*?)0+(?= [A-Z])/$1 eq '.' ? '' : $1/ge;
	return $line;
}

my $id_hint = 'A segment id is 1 to 24 letters a to z, digits, "-", "_" and ".", and begins and ends with a letter or digit.';
my $price_hint = 'Write an amount and a currency code with a space between them, such as "9.90 EUR" or "EUR 9.90": '
	. 'digits with at most one decimal point, no thousands separators, no exponent.';
my @refused_text = ("refused 22P02 $id_hint", "refused 22P02 $price_hint");
my @refused_binary = ('refused 22P03 Send what segment_id_send returns, or the id as text.',
	'refused 22P03 Send what currency_price_send returns, or the price as text.');

sub check_client
{
	my ($client, $forms, $expected, @command) = @_;
	open my $output, '-|', 'timeout', 60, @command or die "$command[0]: $!";
	my @lines = map { normal($_) } <$output>;
	close $output;
	is($?, 0, "$client ends well");
	chomp @lines;
	s/ +$// for @lines;
	is_deeply(\@lines, $expected, "$client reads what was written");

	# and the server has what was meant
	for my $form (@$forms)
	{
		my @differ = sql("SELECT n FROM expected LEFT JOIN (SELECT * FROM written WHERE client = '$client' AND form = '$form') AS written
			USING (n) WHERE (expected.segment, expected.price, expected.segments, expected.prices)
				IS DISTINCT FROM (written.segment, written.price, written.segments, written.prices)
			OR (offer).segment IS DISTINCT FROM expected.segment OR (offer).price IS DISTINCT FROM expected.price
			OR offers IS DISTINCT FROM CASE WHEN n > 1 THEN ARRAY[offer] ELSE '{}' END");
		is_deeply(\@differ, [], "$client writes what was meant, in $form");
		is_deeply([ sql("SELECT count(*) FROM written WHERE client = '$client' AND form = '$form'") ],
			[ scalar @vectors ], "$client writes all of it, in $form");
	}
}

system('createdb', 'clients') == 0 or die 'createdb failed';
my $n = 1;
my $values = join ",\n", map { '(' . $n++ . ', ' . literal(@$_) . ')' } @vectors;
sql("CREATE EXTENSION segmentation");
sql("CREATE TABLE vector (n int, segment text, amount text, currency text)");
sql("INSERT INTO vector VALUES $values");
sql("CREATE TYPE offer AS (segment segment_id, price currency_price)");
sql("CREATE TABLE written (client text, form text, n int, segment segment_id, price currency_price,
	segments segment_id[], prices currency_price[], offer offer, offers offer[])");
sql("CREATE VIEW expected AS SELECT n, segment::segment_id, currency_price(amount::numeric, currency) AS price,
	(SELECT array_agg(segment::segment_id ORDER BY n) FROM vector) AS segments,
	(SELECT array_agg(currency_price(amount::numeric, currency) ORDER BY n) FROM vector) AS prices
	FROM vector");

{
	documented('c', 'segmentation.h');
	chomp(my ($include, $lib) = map { `$ENV{PG_CONFIG} --$_` } 'includedir', 'libdir');
	is( system('cc', '-Wall', '-Wextra', '-Werror', '-O1', "-I$include", "-I$folder", '-o', "$folder/libpq",
			'test/clients/read_write.c', "-L$lib", "-Wl,-rpath,$lib", '-lpq'),
		0, 'libpq: compiled');
	check_client('libpq', ['binary'], [ expected_rows('binary'), @refused_binary ], "$folder/libpq");
}

SKIP:
{
	my ($python) = grep { system("$_ -c 'import psycopg' 2>/dev/null") == 0 } 'python3', '/usr/bin/python3';
	skip 'no psycopg 3 for Python: install python3-psycopg', 1 unless $python;
	documented('python', 'segmentation.py');
	local $ENV{PYTHONDONTWRITEBYTECODE} = 1;
	check_client('psycopg', [ 'text', 'binary' ],
		[ (map { my $form = $_; map { expected_rows($form) } 1, 2 } 'text', 'binary'), map { $refused_text[$_], $refused_binary[$_] } 0, 1 ],
		$python, 'test/clients/read_write.py', $folder);
}

SKIP:
{
	skip 'no node: install nodejs and npm', 1 if system('node --version >/dev/null 2>&1');
	skip 'no node-postgres: copy test/clients/package*.json to build/clients and run npm ci --ignore-scripts there', 1 unless -d "$modules/pg";
	documented('js', 'segmentation.js');
	check_client('node-postgres', [ 'text', 'binary' ],
		[ (map { expected_rows('text') } 1, 2), map { $refused_text[$_], $refused_binary[$_] } 0, 1 ],
		'node', 'test/clients/read_write.js', "$folder/segmentation.js");
}

system('dropdb', 'clients') == 0 or die 'dropdb failed';
done_testing();
