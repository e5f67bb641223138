# Another library that is loaded earlier and has functions of the same names as
# ours is none of our business: ours calls its own.
use strict;
use warnings;
use Test::More;

my $pg_config = $ENV{PG_CONFIG} || 'pg_config';
my $folder = "$ENV{TMPDIR}/other_libraries";
mkdir $folder or die "$folder: $!";
$ENV{PGDATABASE} = 'other_libraries';

sub output_of
{
	my @command = @_;
	open my $pipe, '-|', @command or die "$command[0]: $!";
	my $output = join '', <$pipe>;
	chomp $output;
	return $output;
}

my $server = output_of($pg_config, '--pkglibdir');
my ($library) = grep { -f } ("$ENV{SEGMENTATION_WORK}/stage$server/segmentation.so", "$server/segmentation.so");
my @defined = map { (split)[-1] } grep { / [TDBR] / } split /\n/, output_of('nm', '-D', '--defined-only', $library);
my %known = map { $_ => 1 } qw(Pg_magic_func _PG_init);
my @ours = grep { !$known{$_} && !/^pg_finfo_/ } @defined;

open my $source, '>', "$folder/other.c" or die "other.c: $!";
print $source qq{#include "postgres.h"\n#include "fmgr.h"\nPG_MODULE_MAGIC;\nPGDLLEXPORT void _PG_init(void);\n},
  qq{void _PG_init(void) { elog(WARNING, "loaded"); }\n},
  map { qq{PGDLLEXPORT void $_(void);\nvoid $_(void) { elog(ERROR, "%s of another library", "$_"); }\n} } @ours;
close $source;
is(system('cc', '-w', '-fPIC', '-shared', '-I' . output_of($pg_config, '--includedir-server'), "$folder/other.c", '-o', "$folder/other.so"),
	0, 'a library with ' . @ours . ' functions of the names of ours');

is(system('createdb', 'other_libraries'), 0, 'a database');
my $sql = <<SQL;
LOAD '$folder/other.so';
SET client_min_messages = error;
CREATE EXTENSION segmentation;
CREATE TABLE customer (id int PRIMARY KEY, segment segment_id, revenue currency_price, score int);
CREATE TABLE subscription (id int PRIMARY KEY, customer int NOT NULL REFERENCES customer, segment segment_id, ended date);
INSERT INTO customer VALUES (1, NULL, '9.90 EUR', 9), (2, 'smb', '20 EUR', 3);
SELECT count(*) FROM segmentation.install_lock('customer', 'subscription', running_when => 'ended IS NULL');
INSERT INTO subscription VALUES (1, 1, 'smb');
INSERT INTO subscription VALUES (2, 1, 'mid');
SELECT segmentation.create_model('service', 'customer', '{id}');
SELECT members FROM segmentation.define_segment('service', 'promoter', 'score >= 9 AND revenue < ''10 EUR''');
SELECT entered FROM segmentation.refresh('service');
SELECT count(*) FROM segmentation.explain_customer('service', '1');
SELECT sum(revenue), nps(score), revenue_tier(revenue, 'a 0, b 20 EUR'), quantile_breaks(revenue, 2) FROM customer;
SELECT segmentation.create_market('fr', 'EUR', '{FR}');
SELECT count(*) FROM segmentation.check_market('fr');
SQL
open my $script, '>', "$folder/script.sql" or die "script.sql: $!";
print $script $sql;
close $script;
my $output = output_of('sh', '-c', "psql -XAtq -f $folder/script.sql 2>&1");
like($output, qr/WARNING:  loaded/, 'which is loaded first');
unlike($output, qr/of another library/, 'and never called');
my @errors = $output =~ /ERROR:  (.*)/g;
is(scalar @errors, 1, 'the only error is that of the lock') or diag $output;
like($errors[0], qr/locked to segment "smb"/, 'as it should be');

done_testing();
