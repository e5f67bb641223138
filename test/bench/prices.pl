# prices.pl: 10 million invoices of 5 million customers in one currency, two
# each, and 5 million prices in five currencies; by hand they are numeric and
# char(3)
use strict;
use warnings;

my $customers = rows(5_000_000);
my $invoices = 2 * $customers;

setup("
	CREATE TABLE by_hand AS
	SELECT (i * 7919 % $customers)::bigint AS customer,
		(abs(hashint8extended(i, 21) % 1000000) / 100.0)::numeric(18,2) AS amount,
		'EUR'::char(3) AS currency
	FROM generate_series(1, ${invoices}::bigint) i",
	'CREATE TABLE invoice AS SELECT customer, currency_price(amount, currency) AS price FROM by_hand',
	"CREATE TABLE mixed_by_hand AS
	SELECT i AS id, (abs(hashint8extended(i, 22) % 1000000) / 100.0)::numeric(18,2) AS amount,
		(ARRAY['EUR', 'USD', 'GBP', 'CHF', 'JPY'])[1 + abs(hashint8extended(i, 23) % 5)]::char(3) AS currency
	FROM generate_series(1, ${customers}::bigint) i",
	'CREATE TABLE mixed AS SELECT id, currency_price(amount, currency) AS price FROM mixed_by_hand',
	'VACUUM (FREEZE, ANALYZE)');

compare(
	name => 'sum(currency_price)',
	ours => 'SELECT sum(price) FROM invoice',
	peer => 'SELECT sum(amount) FROM by_hand',
	check => 'SELECT amount((SELECT sum(price) FROM invoice)) = (SELECT sum(amount) FROM by_hand)',
	workers => [0, 2],
	at_most => 0.75);

compare(
	name => "ORDER BY a currency_price column of $customers",
	ours => "SELECT price FROM mixed ORDER BY price OFFSET $customers",
	peer => "SELECT currency, amount FROM mixed_by_hand ORDER BY currency, amount OFFSET $customers",
	check => 'SELECT (SELECT array_agg(currency(price) || amount(price)::float ORDER BY price) FROM mixed WHERE id % 1000 = 0)
		= (SELECT array_agg(currency || amount::float ORDER BY currency, amount) FROM mixed_by_hand WHERE id % 1000 = 0)',
	at_most => 0.25);

my $scale = 'smb 0, mid 8000, enterprise 15000 EUR';
my $case = "CASE WHEN sum(amount) >= 15000 THEN 'enterprise' WHEN sum(amount) >= 8000 THEN 'mid'
		WHEN sum(amount) >= 0 THEN 'smb' END";
my $by_hand = "SELECT tier, count(*) FROM (SELECT $case AS tier FROM by_hand GROUP BY customer) t GROUP BY 1 ORDER BY 1";

compare(
	name => "tier(sum(price), scale) by customer, $customers groups",
	ours => "SELECT tier, count(*) FROM (SELECT tier(sum(price), '$scale') FROM invoice GROUP BY customer) t GROUP BY 1 ORDER BY 1",
	peer => $by_hand,
	same => 1,
	workers => [0, 2],
	at_most => 0.9);

compare(
	name => "revenue_tier(price, scale) by customer, $customers groups",
	ours => "SELECT tier, count(*) FROM (SELECT revenue_tier(price, '$scale') AS tier FROM invoice GROUP BY customer) t GROUP BY 1 ORDER BY 1",
	peer => $by_hand,
	same => 1,
	workers => [0, 2],
	at_most => 1.1);

compare(
	name => 'pg_relation_size of a table (bigint, currency_price)',
	ours => "SELECT pg_relation_size('invoice')",
	peer => "SELECT pg_relation_size('by_hand')",
	measure => \&value,
	runs => 0,
	at_most => 1.0);

# as the reference says: without it the planner expects a group for every price
setup('CREATE STATISTICS mixed_currency ON (currency(price)) FROM mixed', 'ANALYZE mixed');

compare(
	name => 'sum(price) GROUP BY currency',
	ours => 'SELECT currency(price), sum(price) FROM mixed GROUP BY 1 ORDER BY 1',
	peer => 'SELECT currency, sum(amount) FROM mixed_by_hand GROUP BY 1 ORDER BY 1',
	check => 'SELECT (SELECT array_agg(row(currency, sum) ORDER BY currency) FROM
			(SELECT currency(price) AS currency, amount(sum(price)) AS sum FROM mixed GROUP BY 1) ours)
		= (SELECT array_agg(row(currency::text, sum) ORDER BY currency) FROM
			(SELECT currency, sum(amount) AS sum FROM mixed_by_hand GROUP BY 1) peer)',
	workers => [0, 2],
	at_most => 0.9);

setup('CREATE TYPE money_by_hand AS (amount numeric, currency char(3))',
	'CREATE TABLE composite AS SELECT customer, row(amount, currency)::money_by_hand AS price FROM by_hand',
	'VACUUM (FREEZE, ANALYZE) composite');

compare(
	name => 'sum(price), against a composite (numeric, char(3)) with a currency check by hand',
	ours => 'SELECT sum(price) FROM invoice',
	peer => 'SELECT CASE WHEN min((price).currency) = max((price).currency) THEN sum((price).amount) END FROM composite',
	check => 'SELECT amount((SELECT sum(price) FROM invoice)) = (SELECT sum((price).amount) FROM composite)',
	workers => [0, 2],
	at_most => 0.5);

# a fifth of the prices are in euros, from 0 to 10,000: a range of 500 euros holds
# a hundredth of all; once in the order of the index, once in none
setup('CREATE TABLE ordered AS SELECT * FROM mixed ORDER BY price',
	'CREATE TABLE ordered_by_hand AS SELECT * FROM mixed_by_hand ORDER BY currency, amount',
	(map { ("CREATE INDEX ON $_ (price)", "CREATE INDEX ON ${_}_by_hand (currency, amount)") } 'mixed', 'ordered'),
	'VACUUM (FREEZE, ANALYZE)');

for my $side (['index-only', 'count(*)', 'mixed'], ['with rows', 'count(id)', 'mixed'], ['with rows in order', 'count(id)', 'ordered'])
{
	my ($what, $count, $table) = @$side;
	compare(
		name => "range of prices by index, 1 % of $customers, $what",
		ours => "SELECT $count FROM $table WHERE price BETWEEN '2000 EUR' AND '2500 EUR'",
		peer => "SELECT $count FROM ${table}_by_hand WHERE currency = 'EUR' AND amount BETWEEN 2000 AND 2500",
		same => 1,
		at_most => 1.1);
}

# 20 sales a day for two years, at any scale, so that a frame has 1,800; the
# peer's aggregates have no inverse
setup('CREATE TABLE sale AS
	SELECT i AS id, timestamptz \'2024-01-01\' + i * interval \'72 minutes\' AS sold_at,
		(abs(hashint8extended(i, 31)) % 11)::integer AS score,
		currency_price((abs(hashint8extended(i, 32)) % 1000000) / 100.0, \'EUR\') AS price
	FROM generate_series(1, 14600) i',
	"CREATE AGGREGATE sum_anew(currency_price) (SFUNC = currency_price_accum, STYPE = currency_price_sum,
		INITCOND = 'empty', FINALFUNC = currency_price_sum_final)",
	"CREATE AGGREGATE nps_anew(integer) (SFUNC = nps_tally_accum, STYPE = nps_tally, INITCOND = '0/0/0', FINALFUNC = nps)",
	'VACUUM (FREEZE, ANALYZE) sale');

for my $aggregate (['sum', 'price'], ['nps', 'score'])
{
	my ($name, $column) = @$aggregate;
	my $window = "($column) OVER (ORDER BY sold_at RANGE '90 days' PRECEDING) AS rolling FROM sale";

	compare(
		name => "rolling 90-day $name($column)",
		ours => "SELECT count(rolling), max(rolling) FROM (SELECT $name$window) w",
		peer => "SELECT count(rolling), max(rolling) FROM (SELECT ${name}_anew$window) w",
		same => 1,
		at_most => 0.05);
}

1;
