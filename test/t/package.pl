# The files that describe the extension agree with each other and with their forms.
use strict;
use warnings;
use JSON::PP;
use Test::More;

sub slurp
{
	my ($path) = @_;
	open my $file, '<:encoding(UTF-8)', $path or die "$path: $!";
	return join '', <$file>;
}

my $semver = qr/\d+\.\d+\.\d+/;

# control file
my %control = slurp('segmentation.control') =~ /^(\w+) = '?(.*?)'?$/gm;
like($control{default_version}, qr/^$semver$/, 'the version is a semantic one');
is($control{module_pathname}, 'segmentation', 'the module is found by name');
is($control{relocatable}, 'false', 'not relocatable');
ok(length $control{comment}, 'a comment');

# META.json, by the PGXN Meta Spec 1.0.0
my $meta = JSON::PP->new->utf8(0)->decode(slurp('META.json'));
for (qw(name version abstract maintainer license provides meta-spec))
{
	ok($meta->{$_}, "META.json has the required $_");
}
my @known = qw(name version abstract maintainer license provides meta-spec description tags no_index
  prereqs resources generated_by release_status);
is_deeply([ grep { my $key = $_; !grep { $_ eq $key } @known } keys %$meta ], [], 'and no field unknown to the spec');
is($meta->{name}, 'segmentation', 'its name');
is($meta->{version}, $control{default_version}, 'its version is the control file\'s');
is($meta->{license}, 'postgresql', 'its licence, as the spec spells it');
is($meta->{'meta-spec'}{version}, '1.0.0', 'its form');
like($meta->{release_status}, qr/^(stable|testing|unstable)$/, 'its status');
is_deeply([ keys %{ $meta->{provides} } ], ['segmentation'], 'it provides the extension');
my $provided = $meta->{provides}{segmentation};
is($provided->{version}, $control{default_version}, 'in the same version');
ok(-f $provided->{file}, "from $provided->{file}");
ok(-f $provided->{docfile}, "documented in $provided->{docfile}");

# CHANGELOG.md, as keepachangelog.com has it
my $changelog = slurp('CHANGELOG.md');
like($changelog, qr/\A# Changelog\n/, 'CHANGELOG has its title');
my @versions = $changelog =~ /^## (.*)$/gm;
my @odd = grep { !/^\[(?:Unreleased|$semver)\](?: - (?:unreleased|\d{4}-\d\d-\d\d))?$/ } @versions;
is_deeply(\@odd, [], 'CHANGELOG names versions and their dates');
ok(scalar(grep { /^\[\Q$control{default_version}\E\]/ } @versions), 'this version among them');
my @sections = $changelog =~ /^### (.*)$/gm;
is_deeply([ grep { !/^(Added|Changed|Deprecated|Removed|Fixed|Security)$/ } @sections ], [], 'CHANGELOG sections');

like(slurp('LICENSE'), qr/\APostgreSQL Licence\n.*Permission to use, copy, modify, and distribute/s, 'the PostgreSQL Licence');

done_testing();
