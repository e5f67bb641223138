# A short run of the fuzz harness, the same every time: no input of any type
# harms anything, and what is accepted comes back unchanged.  `make fuzz` runs
# for longer.
use strict;
use warnings;
use Test::More;

my $folder = "$ENV{TMPDIR}/fuzz";
my $output = `test/fuzz/run '$folder' -runs=200000 -seed=4217 -verbosity=0 2>&1 </dev/null`;
is($?, 0, 'nothing found') or diag $output;
SKIP:
{
	skip $1, 1 if $output =~ /^skipped: (.*)/m;

	my %reached = $output =~ /^(\w+ (?:text|binary): \d+ accepted, \d+ refused)$()/gm;
	my @few = grep { !/: [1-9]\d+ accepted, [1-9]\d{2,} refused/ } sort keys %reached;
	is_deeply(\@few, [], 'values of each type and form are accepted and refused');
	my ($runs) = $output =~ /number_of_executed_units: (\d+)/;
	cmp_ok($runs // 0, '>=', 200000, 'all inputs were run');

	# no type is left out, but the one whose input looks names up in the catalogue
	my $types = "SELECT typname FROM pg_type JOIN pg_proc ON pg_proc.oid = typinput
		JOIN pg_language ON pg_language.oid = prolang JOIN pg_depend ON objid = pg_type.oid
		WHERE lanname = 'c' AND deptype = 'e' AND refclassid = 'pg_extension'::regclass
			AND typnamespace <> 'segmentation_internal'::regnamespace ORDER BY typname";
	system("createdb fuzz && psql -Xqd fuzz -c 'CREATE EXTENSION segmentation'") == 0 or die 'no database';
	my @types = split /\n/, `psql -XAtqd fuzz -c "$types"`;
	system('dropdb fuzz');
	my %fuzzed = map { /^(\w+)/ ? ($1 => 1) : () } keys %reached;
	is_deeply([ sort keys %fuzzed ], \@types, 'every type of the extension is fuzzed');
}
done_testing();
