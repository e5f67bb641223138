# A server that is stopped at once has, after recovery, what was committed,
# and indexes that agree with their tables.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('crash');
$node->init;
$node->append_conf('postgresql.conf', "fsync = on\nmax_wal_size = 1GB\nfull_page_writes = on");
$node->start;
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION segmentation;
CREATE TABLE customer (id int, segment segment_id, price currency_price);
CREATE INDEX by_segment ON customer (segment);
CREATE INDEX by_price ON customer (price);
CREATE INDEX hash_of_segment ON customer USING hash (segment);
CREATE INDEX hash_of_price ON customer USING hash (price);
CREATE FUNCTION fill(first int, last int) RETURNS void LANGUAGE sql AS $$
    INSERT INTO customer
    SELECT i, substr(md5(i::text), 1, 24)::segment_id, currency_price(i / 100.0, CASE i % 2 WHEN 0 THEN 'EUR' ELSE 'USD' END)
    FROM generate_series(first, last) AS i $$;
SELECT fill(1, 5000);
CHECKPOINT;
SELECT fill(5001, 20000);
DELETE FROM customer WHERE id % 10 = 0;
UPDATE customer SET price = price * 2, segment = 'moved-' || (id % 100) WHERE id % 10 = 1;
SQL
my $rows = q{SELECT count(*), md5(string_agg(c::text, '|' ORDER BY id)) FROM customer c};
my $before = $node->safe_psql('postgres', $rows);

# one transaction is still open when the server goes down
my $open = $node->background_psql('postgres');
$open->query_safe('BEGIN; SELECT fill(20001, 25000); UPDATE customer SET segment = NULL');
$node->stop('immediate');
$node->start;

is($node->safe_psql('postgres', $rows), $before, 'what was committed is there, the rest is not');
for my $column (qw(segment price))
{
	for my $index ("by_$column", "hash_of_$column")
	{
		my $others = join ', ', grep { $_ ne $index } qw(by_segment by_price hash_of_segment hash_of_price);
		is( $node->safe_psql('postgres', "BEGIN; DROP INDEX $others; SET LOCAL enable_seqscan = off;
			SELECT count(*) FROM customer c WHERE (SELECT count(*) FROM customer i WHERE i.$column = c.$column AND i.id = c.id) <> 1;
			ROLLBACK"),
			'0', "every row is found through $index");
	}
}
SKIP:
{
	skip 'amcheck is not installed', 2
	  if $node->safe_psql('postgres', "SELECT count(*) FROM pg_available_extensions WHERE name = 'amcheck'") eq '0';
	$node->safe_psql('postgres', 'CREATE EXTENSION amcheck');
	for my $index (qw(by_segment by_price))
	{
		is($node->safe_psql('postgres', "SELECT bt_index_parent_check('$index', true)"), '', "$index agrees with the table");
	}
}

done_testing();
