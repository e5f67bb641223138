use strict; use warnings; use PostgreSQL::Test::Cluster; use PostgreSQL::Test::Utils; use Test::More;
my $n = PostgreSQL::Test::Cluster->new('a'); $n->init; $n->start; 
is($n->safe_psql('postgres','create extension segmentation; select pg_sleep(1), 1'), '|1', 'x'); $n->stop;
done_testing();
