# What is documented exists, and what exists for users is documented.
use strict;
use warnings;
use Test::More;

my $database = 'documentation';

sub query
{
	my ($sql) = @_;
	my @rows = split /\n/, `psql -XAtq -d '$database' -c "$sql"`;
	die "psql failed\n" if $?;
	return @rows;
}

sub slurp
{
	open my $file, '<', shift or die $!;
	return join '', <$file>;
}

# what links call the headings of a page: small letters and no punctuation
sub anchors
{
	my $prose = shift =~ s/^```.*?^```$//gmsr;
	return map { lc =~ s/[^\w\s-]//gr =~ s/ /-/gr } $prose =~ /^#+ (.+)$/gm;
}

my %text = map { $_ => slurp($_) } 'README.md', glob 'doc/*.md';
my %page = (%text, map { $_ => slurp($_) } 'CONTRIBUTING.md', 'src/README.md');

sub leads
{
	my ($page, $folder, $link) = @_;
	my ($file, $anchor) = $link =~ /^([^#]*)#?(.*)$/;
	return 0 if $file ne '' && !-e $folder . $file;
	return 1 if $anchor eq '';
	my $target = $file eq '' ? $page : ($folder . $file) =~ s{[^/]+/\.\./}{}r;
	return scalar grep { $_ eq $anchor } anchors($page{$target} // '');
}

# every page is linked, every link leads somewhere
for my $page (grep { $_ ne 'README.md' } sort keys %text)
{
	like($text{'README.md'}, qr/\]\(\Q$page\E\)/, "README.md links $page");
}
for my $page (sort keys %page)
{
	my $folder = $page =~ m{(.*/)} ? $1 : '';
	my @dead = grep { !leads($page, $folder, $_) } grep { !/^https?:/ } $page{$page} =~ /\]\(([^)\s]+)\)/g;
	is("@dead", '', "links of $page");
}

system("createdb '$database' && psql -Xq -d '$database' -c 'CREATE EXTENSION segmentation'") == 0
  or die "no database\n";

# functions and types for users: those that no object of ours stands on
my @functions = query(<<'SQL');
SELECT DISTINCT p.proname FROM pg_depend m JOIN pg_extension e ON m.refobjid = e.oid JOIN pg_proc p ON p.oid = m.objid
WHERE m.refclassid = 'pg_extension'::regclass AND m.classid = 'pg_proc'::regclass AND e.extname = 'segmentation'
    AND p.pronamespace <> 'segmentation_internal'::regnamespace AND p.prorettype <> 'trigger'::regtype
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.refclassid = 'pg_proc'::regclass AND d.refobjid = p.oid)
    AND NOT EXISTS (SELECT FROM pg_operator o WHERE p.oid IN (o.oprcode, o.oprrest, o.oprjoin))
ORDER BY 1
SQL
my @types = query(<<'SQL');
SELECT t.typname FROM pg_depend m JOIN pg_extension e ON m.refobjid = e.oid JOIN pg_type t ON t.oid = m.objid
WHERE m.refclassid = 'pg_extension'::regclass AND m.classid = 'pg_type'::regclass AND e.extname = 'segmentation'
    AND t.typnamespace <> 'segmentation_internal'::regnamespace AND t.typcategory <> 'A'
    AND NOT EXISTS (SELECT FROM pg_aggregate a WHERE t.oid IN (a.aggtranstype, a.aggmtranstype) AND a.aggfinalfn <> 0)
ORDER BY 1
SQL
cmp_ok(scalar @functions, '>', 10, 'functions are looked at');
my $reference = join '', map { $text{$_} } grep { $_ ne 'README.md' } sort keys %text;
is(join(' ', grep { $reference !~ /\b\Q$_\E\(/ } @functions), '', 'each function for users is in doc/');
is(join(' ', grep { $reference !~ /\b\Q$_\E\b/ } @types), '', 'each type too');

# tables and views that users read or write
my @relations = query(<<'SQL');
SELECT c.oid::regclass FROM pg_depend m JOIN pg_extension e ON m.refobjid = e.oid JOIN pg_class c ON c.oid = m.objid
WHERE m.refclassid = 'pg_extension'::regclass AND m.classid = 'pg_class'::regclass AND e.extname = 'segmentation' AND c.relkind IN ('r', 'v')
ORDER BY 1
SQL
cmp_ok(scalar @relations, '>', 10, 'tables and views are looked at');
is(join(' ', grep { $reference !~ /\b\Q$_\E\b/ } @relations), '', 'each table and view is in doc/');

my %known = map { $_ => 1 } query('SELECT proname FROM pg_proc UNION SELECT typname FROM pg_type UNION SELECT word FROM pg_get_keywords()');
for my $page (sort keys %text)
{
	my $prose = $text{$page} =~ s/^```.*?^```$//gmsr;
	my @named = map { /\b([a-z_0-9]+)\(/g } $prose =~ /`([^`\n]+)`/g;
	is(join(' ', grep { !/^(?:pg)?_/ && !$known{$_} } @named), '', "functions that $page names");
}

system("dropdb '$database'");
done_testing();
