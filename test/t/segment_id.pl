# segment_id beyond one database: forged binary input, other encodings and
# locales, and rows that move to another cluster
use strict;
use warnings FATAL => 'all';

use File::Spec;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $folder = File::Spec->rel2abs(PostgreSQL::Test::Utils::tempdir());
my $symbols = "\0-.0123456789_abcdefghijklmnopqrstuvwxyz";
my $limit = 40**6 * 40**6;
srand(4217);

# the definition of the binary form, told once more: the id that 16 bytes
# spell, undef for none
sub spelling
{
	my $text = '';
	foreach my $half (unpack('Q>2', shift))
	{
		return if $half >= $limit;
		my $part = '';
		for (1 .. 12)
		{
			my $rank = $half % 40;
			$part = substr($symbols, $rank, 1) . $part;
			$half = ($half - $rank) / 40;
		}
		$text .= $part;
	}
	$text =~ s/\0+$//;
	return $text =~ /^[a-z0-9]([-._a-z0-9]*[a-z0-9])?\z/ ? $text : undef;
}

# the bytes of a text, also of one that is no id
sub bytes
{
	my @ranks = map { index($symbols, $_) } split(//, shift);
	push @ranks, (0) x (24 - @ranks);
	my @halves;
	foreach my $start (0, 12)
	{
		my $half = 0;
		$half = $half * 40 + $_ foreach @ranks[ $start .. $start + 11 ];
		push @halves, $half;
	}
	return pack('Q>2', @halves);
}

sub write_file
{
	my ($name, $content) = @_;
	my $file = "$folder/$name.copy";
	open(my $out, '>:raw', $file) or die "$file: $!";
	print $out $content;
	close $out;
	return $file;
}

# what COPY reads in: one row of one value
sub copy_content
{
	return "PGCOPY\n\377\r\n\0" . pack('N2 n N/a* n', 0, 0, 1, shift, 0xffff);
}

my $node = PostgreSQL::Test::Cluster->new('ids');
$node->init;
$node->start;
$node->safe_psql('postgres', q{
	CREATE EXTENSION segmentation;
	CREATE TABLE copied (id segment_id);
	CREATE TABLE attempt (n int, state text, message text, detail text, hint text);
	CREATE FUNCTION copy_all(folder text, files int) RETURNS void LANGUAGE plpgsql AS $$
	DECLARE
		result attempt;
	BEGIN
		TRUNCATE copied, attempt;
		FOR n IN 0 .. files - 1 LOOP
			result := (n, '00000', NULL, NULL, NULL);
			BEGIN
				EXECUTE format('COPY copied FROM %L (FORMAT binary)', folder || '/' || n || '.copy');
			EXCEPTION WHEN OTHERS THEN
				GET STACKED DIAGNOSTICS result.state = RETURNED_SQLSTATE, result.message = MESSAGE_TEXT,
					result.detail = PG_EXCEPTION_DETAIL, result.hint = PG_EXCEPTION_HINT;
			END;
			INSERT INTO attempt VALUES (result.*);
		END LOOP;
	END $$});

# copies each content into the empty table: SQLSTATE of each, and what the
# table holds in the end
sub copy_all
{
	my @contents = @_;
	write_file($_, $contents[$_]) foreach 0 .. $#contents;
	$node->safe_psql('postgres', "SELECT copy_all('$folder', " . @contents . ')');
	return map { [ split(/\n/, $node->safe_psql('postgres', $_)) ] }
		'SELECT state FROM attempt ORDER BY n', 'SELECT id FROM copied';
}

# what the definition says is what segment_id_send makes
is($node->safe_psql('postgres', "SELECT encode(segment_id_send('Key-Account.7_b'), 'hex')"),
	unpack('H*', bytes('key-account.7_b')), 'bytes of an id');

# values of other lengths
{
	my @values = map { substr(bytes('smb') . "\0" x 16, 0, $_) } 0 .. 15, 17, 32;
	my ($states, $stored) = copy_all(map { copy_content($_) } @values);
	is_deeply($states, [ ('22P03') x @values ], 'values of other lengths are refused');
	is_deeply($stored, [], 'and not stored');
	is($node->safe_psql('postgres', 'SELECT DISTINCT message, detail FROM attempt WHERE n = 15'),
		'invalid binary form of type segment_id|It has 15 bytes instead of 16.', 'with a detail');
}

# files that end early; after the header's 19 bytes a row begins with two more
{
	my $whole = copy_content(bytes('smb'));
	my @cut = map { substr($whole, 0, $_) } 0 .. 18, 21 .. length($whole) - 3;
	my ($states, $stored) = copy_all(@cut);
	is_deeply($states, [ ('22P04') x @cut ], 'truncated files are refused');
	is_deeply($stored, [], 'and nothing of them is stored');
}

# forged values, by what is wrong about them
{
	my %forged = (
		'nothing' => "\0" x 16,
		'first half empty' => "\0" x 8 . substr(bytes('smb'), 0, 8),
		'first half too large' => pack('Q>2', $limit, 0),
		'second half too large' => pack('Q>2', unpack('Q>', bytes('z' x 12)), $limit),
		'all ones' => "\377" x 16,
		'little-endian' => reverse(substr(bytes('smb'), 0, 8)) . "\0" x 8,
		'begins with padding' => bytes("\0smb"),
		'padding inside' => bytes("s\0mb"),
		'padding at the end of the first half' => bytes("abcdefghijk\0m"),
		'padding inside the second half' => bytes("abcdefghijklm\0o"),
		'padding begins the second half' => bytes("abcdefghijkl\0n"),
		'begins with a dash' => bytes('-smb'),
		'begins with an underscore' => bytes('_smb'),
		'ends with a dot' => bytes('smb.'),
		'ends with a dash after 12' => bytes('abcdefghijkl-'),
		'ends with an underscore after 24' => bytes('abcdefghijklmnopqrstuvw_'),
		'text' => 'smb' . ' ' x 13);
	my @names = sort keys %forged;
	my ($states, $stored) = copy_all(map { copy_content($forged{$_}) } @names);
	is($states->[$_], '22P03', $names[$_]) foreach 0 .. $#names;
	is_deeply($stored, [], 'forged values are not stored');
	is( $node->safe_psql('postgres', 'SELECT DISTINCT message, detail, hint FROM attempt'),
		'invalid binary form of type segment_id'
		. '|The bytes are not two big-endian integers of 12 base-40 symbols each that spell a segment id.'
		. '|Send what segment_id_send returns, or the id as text.',
		'with a detail and a hint');
}

# the largest values and many at random: stored if the definition says so
{
	my @values = map { bytes($_) } 'z' x 24, 'z' x 12, '0', 'z' x 12 . '0';
	push @values, pack('N4', map { int(rand(2**32)) } 1 .. 4) foreach 1 .. 300;
	foreach (1 .. 1200)
	{
		my $value = bytes(join('', map { substr($symbols, 1 + int(rand(39)), 1) } 0 .. rand(24)));
		vec($value, int(rand(128)), 1) ^= 1 if rand() < .3;
		push @values, $value;
	}
	my @texts = grep { defined } map { spelling($_) } @values;
	my ($states, $stored) = copy_all(map { copy_content($_) } @values);
	is_deeply($states, [ map { defined spelling($_) ? '00000' : '22P03' } @values ],
		'bytes are taken if they spell an id');
	is_deeply($stored, \@texts, 'and stored as the id that they spell');
	cmp_ok(scalar(@texts), '>', 300, 'which many do');
	cmp_ok(scalar(@texts), '<', @values - 300, 'and many do not');
}

# folding, order and messages do not depend on the encoding and locale of the
# database; names of currencies lose their accents where it has none
my $sorted = q{SELECT string_agg(id, ' ' ORDER BY id::segment_id)
	FROM unnest('{B,a.b,a-b,a_b,a0,INDIA,ab}'::text[]) AS id};
my $names = q{SELECT string_agg(name, ', ') FROM currencies() WHERE code IN ('TOP', 'VES')};
my $ascii_names = "Pa'anga, Bolivar Soberano";
my %databases = (
	latin1 => [ "ENCODING 'LATIN1' LOCALE 'C'", q{U&'caf\00e9'}, $ascii_names ],
	sql_ascii => [ "ENCODING 'SQL_ASCII' LOCALE 'C'", q{E'caf\351'}, $ascii_names ],
	turkish => [ "ENCODING 'UTF8' LOCALE 'C' LOCALE_PROVIDER icu ICU_LOCALE 'tr'", q{U&'caf\0131'},
		"Pa\342\200\231anga, Bol\303\255var Soberano" ]);
delete $databases{turkish} if $node->safe_psql('postgres', q{SELECT 1 FROM pg_collation WHERE collprovider = 'i' LIMIT 1}) eq '';
foreach my $name (sort keys %databases)
{
	my ($options, $refused, $spelt) = @{ $databases{$name} };
	$node->safe_psql('postgres', "CREATE DATABASE $name TEMPLATE template0 $options");
	$node->safe_psql($name, 'CREATE EXTENSION segmentation');
	is($node->safe_psql($name, $sorted), 'a-b a.b a0 a_b ab B INDIA', "$name: order");
	is($node->safe_psql($name, q{SELECT 'INDIA'::segment_id}), 'india', "$name: folding");
	my ($status, $out, $err) = $node->psql($name, "SELECT $refused\::segment_id");
	like($err, qr/DETAIL:  Character "[^"a-z]+" at position 4 is not allowed\./, "$name: refusal");
	is($node->safe_psql($name, $names), $spelt, "$name: names of currencies");
}

# a table partitioned by hash, its indexes and arrays, by dump and by binary COPY
my $other = PostgreSQL::Test::Cluster->new('other');
$other->init;
$other->start;
$node->safe_psql('postgres', q{
	CREATE TABLE member (customer int, segment segment_id, segments segment_id[]) PARTITION BY HASH (segment);
	SELECT format('CREATE TABLE member_%s PARTITION OF member FOR VALUES WITH (MODULUS 5, REMAINDER %s)', i, i)
	FROM generate_series(0, 4) AS i \gexec
	CREATE INDEX ON member (segment);
	INSERT INTO member
	SELECT i, CASE WHEN i % 2 = 0 THEN 'a-rather-long-id-' ELSE 'id' END || i, ARRAY['a', i::text]::segment_id[]
	FROM generate_series(1, 5000) AS i;
	INSERT INTO member VALUES (0, NULL, NULL);
});
my $dump = "$folder/dump.sql";
command_ok([ 'pg_dump', '-f', $dump, '-d', $node->connstr('postgres') ], 'dumped');
command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', $dump, '-d', $other->connstr('postgres') ],
	'restored');
my $contents = 'SELECT tableoid::regclass, * FROM member ORDER BY customer';
my $expected = $node->safe_psql('postgres', $contents);
is($other->safe_psql('postgres', $contents), $expected, 'the same rows in the same partitions');
is( $other->safe_psql(
		'postgres', q{
	SET enable_seqscan = off;
	SELECT count(*) FROM generate_series(1, 5000) AS i
	WHERE EXISTS (SELECT FROM member
				  WHERE segment = CASE WHEN i % 2 = 0 THEN 'a-rather-long-id-' ELSE 'id' END || i
				  AND customer = i OFFSET 0)}),
	'5000',
	'each is found by its segment');

$node->safe_psql('postgres', "\\copy (SELECT * FROM member) to '$folder/member.copy' (format binary)");
$other->safe_psql('postgres', "TRUNCATE member;\n\\copy member from '$folder/member.copy' (format binary)");
is($other->safe_psql('postgres', $contents), $expected, 'binary COPY keeps them too');

$node->stop;
$other->stop;
done_testing();
