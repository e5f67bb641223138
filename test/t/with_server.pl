# with-server leaves no server behind even where it is killed outright, and so
# can clear nothing away; and it takes nothing that was built in the source.
use strict;
use warnings;
use File::Basename qw(basename);
use File::Path qw(remove_tree);
use Test::More;
use Time::HiRes qw(sleep);

# a copy, for each run leaves its objects in the source
my $copy = "$ENV{TMPDIR}/with_server";
system('cp', '-Rp', '.', $copy) == 0 or die 'cp failed';

# what a `make` of another day has left there, and its own build has not yet
my ($script) = map { basename($_) } glob "$copy/build/*/segmentation--*.sql";
for my $made ('src/segmentation.o', 'segmentation.so', $script)
{
	unlink glob "$copy/build/*/$made";
	open my $file, '>', "$copy/$made" or die "$made: $!";
	print $file "old\n";
}

sub is_running { return kill 0, shift; }

sub has_ended
{
	my ($pid) = @_;
	for (1 .. 200)
	{
		return 1 unless is_running($pid);
		sleep 0.05;
	}
	return 0;
}

# starts one that waits; returns its process, that of its server and of its command
sub start
{
	my $pid = open my $output, '-|', "$copy/test/with-server", 'sh', '-c',
	  'echo "$SEGMENTATION_WORK $(head -n 1 "$SEGMENTATION_WORK/data/postmaster.pid") $$"; exec sleep 60'
	  or die "with-server: $!";
	my ($work, $server, $command) = split ' ', <$output> // die 'with-server has not started';
	ok(is_running($server), 'a server runs');
	return ($pid, $server, $command, $work, $output);
}

my ($pid, $server, $command, $work, $output) = start();
kill 'KILL', $pid;
ok(has_ended($server), 'it ends with a script that is killed');
kill 'KILL', $command;
close $output;
remove_tree($work, $copy);

done_testing();
