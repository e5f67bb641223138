# A new column of a model's tables is a line of their description: with it the
# tables have it, those of a model that was made before get it, and it is looked for.
use strict;
use warnings;
use Test::More;

my $database = 'new_column';
my ($major) = `$ENV{PG_CONFIG} --version` =~ /(\d+)/;
my @tables = qw(assignment history override);

sub psql
{
	my ($sql) = @_;
	open my $psql, '-|', 'psql', '-XAtq', '-d', $database, '-c', $sql or die "psql: $!";
	my $output = join '', <$psql>;
	chomp $output;
	return close $psql ? $output : "failed: $output";
}

# the library with a column "novelty" more in each of the tables
sub build_with_column
{
	my $copy = "$ENV{TMPDIR}/$database";
	my $description = "$copy/src/model/description.c";
	system('cp', '-Rp', '.', $copy) == 0 or die 'cp failed';
	local ($^I, @ARGV) = ('', $description);
	my $lines = 0;
	while (<>)
	{
		my $ends = /^static const ColumnDescription (assignment|history|override)_columns/ .. /^\};/;
		$lines += print qq(\t{"novelty", INT4OID, 0, "DEFAULT 7", "(novelty)", .comment = "what is new"},\n)
		  if $ends =~ /E0/;
		print;
	}
	is($lines, @tables, 'the description has a line more for each table');
	is(system("make -s -C $copy/build/$major -f ../../Makefile segmentation.so >&2"), 0, 'it can be built');
	return "$copy/build/$major";
}

# columns with their comments, and indexes
sub shape
{
	my ($table) = @_;
	return psql(<<~SQL);
		SELECT attname, atttypid::regtype, attnotnull, pg_get_expr(adbin, adrelid), col_description(attrelid, attnum)
		  FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
		 WHERE attrelid = '$table'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attname;
		SELECT regexp_replace(pg_get_indexdef(indexrelid), '.* USING', '') FROM pg_index WHERE indrelid = '$table'::regclass ORDER BY 1
		SQL
}

sub faults { return psql('SELECT finding, object, sentence, hint FROM segmentation.check_restore()'); }

system('createdb', '-T', 'template0', $database) == 0 or die 'createdb failed';
psql(<<~'SQL');
	CREATE EXTENSION segmentation;
	CREATE TABLE customer (id int PRIMARY KEY, size int);
	INSERT INTO customer VALUES (1, 1), (2, 2);
	SELECT segmentation.create_model('before', 'customer', '{id}'), segmentation.define_segment('before', 'big', 'size > 1');
	SELECT segmentation.refresh('before')
	SQL
is(faults(), '', 'nothing is missing');

my $folder = build_with_column();
psql("ALTER DATABASE $database SET dynamic_library_path = '$folder:\$libdir'");
psql("SELECT segmentation.create_model('after', 'customer', '{id}')");
like(shape("after_$_"), qr/^novelty\|integer\|f\|7\|what is new\n(.*\n)* btree \(novelty\)$/m, "a new model has it in its $_")
  for @tables;

my $call = "SELECT segmentation.alter_model('before');";
for my $table (qw(assignment history), 'table of overrides')
{
	my $message = qq(column "novelty" of the $table of model "before" is missing);
	is(faults(), "model-outdated|before|$message. The model was made by an earlier version of the extension, or the column was dropped.|$call makes it.",
		"it is missing in an older model's $table");
	my $refreshed = `psql -XAtq -d $database -c "SELECT segmentation.refresh('before')" 2>&1`;
	like($refreshed, $table eq 'assignment' ? qr/ERROR:  \Q$message\E.*HINT:  \Q$call\E/s : qr/^\(before,/,
		'a refresh, which writes the assignment alone with it, needs it there');
	psql('ALTER TABLE before_' . ($table =~ /over/ ? 'override' : $table) . ' ADD novelty int');
}
psql("ALTER TABLE before_$_ DROP novelty") for @tables;
unlike(psql($call), qr/failed/, 'alter_model makes it');
is(shape("before_$_"), shape("after_$_"), "the older model's $_ is as a new one's") for @tables;
is(faults(), '', 'nothing is missing');

psql('UPDATE customer SET size = 3 - size');
is(psql("SELECT changed FROM segmentation.refresh('before')"), '2', 'the older model is refreshed');
is(psql('SELECT id, segments, novelty FROM before_assignment ORDER BY id; SELECT id, novelty FROM before_history ORDER BY id'),
	"1|{big}|7\n2|{}|7\n1|7\n2|7", 'with the column');
psql('CREATE TABLE named (novelty int PRIMARY KEY)');
like(`psql -XAtq -d $database -c "SELECT segmentation.create_model('named', 'named', '{novelty}')" 2>&1`,
	qr/key column cannot be called "novelty"/, 'no key has its name');

done_testing();
