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

1;
