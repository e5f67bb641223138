# nps.pl: 10 million responses of 5 million customers, two each
use strict;
use warnings;

my $customers = rows(5_000_000);
my $responses = 2 * $customers;

setup("
	CREATE TABLE response AS
	SELECT (i * 7919 % $customers)::int AS customer,
		'country ' || abs(hashint8extended(i, 12) % 12) AS country,
		abs(hashint8extended(i, 11) % 11)::int AS score,
		timestamptz '2024-01-01' + i % 1000003 * interval '1 s' AS answered_at
	FROM generate_series(1::bigint, $responses) i",
	'VACUUM (FREEZE, ANALYZE) response');

# what people write by hand
my $by_hand = '100.0 * (count(*) FILTER (WHERE score >= 9) - count(*) FILTER (WHERE score <= 6)) / count(score)';
my $same_nps = "(SELECT nps(score) = $by_hand FROM response)";

compare(
	name => 'nps(score) over the table, against the floor',
	ours => 'SELECT nps(score) FROM response',
	peer => 'SELECT sum(score) FROM response',
	check => "SELECT $same_nps",
	workers => [0, 2],
	at_most => 1.10);

compare(
	name => 'nps(score) over the table, against SQL by hand',
	ours => 'SELECT nps(score) FROM response',
	peer => "SELECT $by_hand FROM response",
	check => "SELECT $same_nps",
	workers => [0, 2],
	at_most => 0.85);

compare(
	name => 'nps(score) by a column of 12 values',
	ours => 'SELECT country, nps(score) FROM response GROUP BY country',
	peer => 'SELECT country, avg(score) FROM response GROUP BY country',
	check => "SELECT bool_and(same) FROM (SELECT nps(score) = $by_hand AS same FROM response GROUP BY country) t",
	workers => [0, 2],
	at_most => 1.05);

my %by_customer = (
	ours => 'SELECT count(n), max(n) FROM (SELECT nps(score) AS n FROM response GROUP BY customer) t',
	peer => 'SELECT count(n), max(n) FROM (SELECT avg(score) AS n FROM response GROUP BY customer) t',
	check => "SELECT bool_and(same) FROM (SELECT nps(score) = $by_hand AS same FROM response GROUP BY customer) t",
	workers => [0, 2]);

compare(
	%by_customer,
	name => "nps(score) by customer, $customers groups: time",
	at_most => 1.0);

compare(
	%by_customer,
	name => "nps(score) by customer, $customers groups: memory of the hash tables",
	measure => \&hash_memory,
	runs => 0,
	at_most => 0.9);

compare(
	name => 'count by nps_class(score)',
	ours => 'SELECT nps_class(score) AS class, count(*) FROM response GROUP BY 1 ORDER BY min(score)',
	peer => "SELECT CASE WHEN score >= 9 THEN 'promoter' WHEN score >= 7 THEN 'passive' ELSE 'detractor' END AS class,
			count(*)
		FROM response GROUP BY 1 ORDER BY min(score)",
	same => 1,
	workers => [0, 2],
	at_most => 1.0);

1;
