# rfm.pl: 5 million customers scored by recency, frequency and monetary value
use strict;
use warnings;

my $customers = rows(5_000_000);

setup("
	CREATE TABLE rfm AS
	SELECT i AS id, (abs(hashint8extended(i, 41)) % 1000)::integer AS recency_days,
		1 + abs(hashint8extended(i, 42)) % (1 + abs(hashint8extended(i, 43)) % 100) AS orders,
		((abs(hashint8extended(i, 44)) % 1000000) / 100.0)::numeric(18,2) AS revenue
	FROM generate_series(1, ${customers}::bigint) i",
	'VACUUM (FREEZE, ANALYZE) rfm');

my $breaks = '(SELECT quantile_breaks(recency_days, 5) AS r, quantile_breaks(orders, 5) AS f, quantile_breaks(revenue, 5) AS m FROM rfm) breaks';

# ntile parts equal values, scores do not: what agrees is how large the bins are
compare(
	name => "RFM scores of $customers customers",
	ours => "SELECT sum(r), sum(f), sum(m) FROM (SELECT rfm_score(recency_days, r, true) AS r, rfm_score(orders, f) AS f, rfm_score(revenue, m) AS m
		FROM rfm, $breaks) s",
	peer => 'SELECT sum(r), sum(f), sum(m) FROM (SELECT ntile(5) OVER (ORDER BY recency_days DESC) AS r,
			ntile(5) OVER (ORDER BY orders) AS f, ntile(5) OVER (ORDER BY revenue) AS m FROM rfm) s',
	check => "SELECT bool_and(abs(count - $customers / 5) < 0.02 * $customers) FROM
		(SELECT rfm_score(revenue, m) AS score, count(*) FROM rfm, $breaks GROUP BY 1) s",
	workers => [0, 2],
	at_most => 1.2);

1;
