# A dump and restore loses what check_dump says, and nothing else.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('dump');
$node->init;
$node->start;
$node->safe_psql('postgres', "CREATE DATABASE $_") for 'source', 'target';
$node->safe_psql('source', 'CREATE EXTENSION segmentation');
$node->safe_psql('source', slurp_file('sql/include/dump.sql'));

# whatever has a name of ours
my $names = <<'SQL';
SELECT DISTINCT substring(object, '\m(?:lost|kept)\w*') FROM (
    SELECT relname FROM pg_class UNION ALL SELECT conname FROM pg_constraint UNION ALL SELECT tgname FROM pg_trigger UNION ALL
    SELECT polname FROM pg_policy UNION ALL SELECT rulename FROM pg_rewrite UNION ALL SELECT proname FROM pg_proc UNION ALL
    SELECT stxname FROM pg_statistic_ext UNION ALL SELECT typname FROM pg_type WHERE typdefaultbin IS NOT NULL) AS o(object)
WHERE object ~ '^(lost|kept)' ORDER BY 1
SQL
my %before = map { $_ => 1 } split /\n/, $node->safe_psql('source', $names);
my $folder = PostgreSQL::Test::Utils::tempdir();
$node->command_ok([ 'pg_dump', '-f', "$folder/source.sql", 'source' ], 'dumped');
$node->command_ok([ 'psql', '-X', '-q', '-d', 'target', '-f', "$folder/source.sql" ], 'restored, errors and all');
delete $before{$_} for split /\n/, $node->safe_psql('target', $names);

# a table goes with its constraint, and with the table what is on it
my %said = map { $_ => 1 } split /\n/, $node->safe_psql('source', <<'SQL');
SELECT substring(object, '\m(?:lost|kept)\w*') FROM segmentation.check_dump()
UNION SELECT 'lost' FROM segmentation.check_dump() WHERE kind = 'check' AND object LIKE '%table regress_dump.lost'
SQL
delete $said{$_} for 'd', 'g';
is(join(' ', sort keys %before), join(' ', sort keys %said), 'what is lost is what was said');
cmp_ok(scalar keys %before, '>', 15, 'objects of every kind are lost');

done_testing();
