# exchange_rates.pl: 1 million invoices in five currencies over a year, and the
# rates of every day of it: those of the European Central Bank's form (1 EUR =
# rate) for 30 currencies, and those into dollars for the five.  By hand prices
# are numeric and char(3), and rates are joined.
use strict;
use warnings;

my $invoices = rows(1_000_000);

setup("
	INSERT INTO segmentation.exchange_rate
	SELECT 'EUR', code, day, round(10.0 ^ (n % 4) * (1 + sin(day - '2023-01-01' + n) / 10)::numeric, 5)
	FROM (SELECT code, row_number() OVER (ORDER BY code) AS n FROM currencies()
			WHERE code <> 'EUR' AND NOT withdrawn AND minor_units IS NOT NULL
			ORDER BY code <> ALL ('{USD,GBP,CHF,SEK,JPY}'), code LIMIT 30) c,
		generate_series('2023-01-01', '2023-12-31', interval '1 day') t(at), date(at) day
	UNION ALL
	SELECT code, 'USD', day, round(1 + ascii(code) / 100.0 + (day - '2023-01-01') / 10000.0, 4)
	FROM unnest('{GBP,CHF,SEK}'::text[]) code,
		generate_series('2023-01-01', '2023-12-31', interval '1 day') t(at), date(at) day",
	"CREATE TABLE converted_by_hand AS
	SELECT i AS id, (abs(hashint8extended(i, 31) % 1000000) / 100.0)::numeric(18,2) AS amount,
		(ARRAY['EUR', 'USD', 'GBP', 'CHF', 'SEK'])[1 + abs(hashint8extended(i, 32) % 5)]::char(3) AS currency,
		'2023-01-01'::date + abs(hashint8extended(i, 33) % 365)::int AS day
	FROM generate_series(1, ${invoices}::bigint) i",
	'CREATE TABLE converted AS SELECT id, currency_price(amount, currency) AS price, day FROM converted_by_hand',
	'VACUUM (FREEZE, ANALYZE)');

# numeric's quotients have fewer digits than a price
sub agree
{
	my ($ours, $peer) = @_;
	return "SELECT abs(amount(($ours)) - ($peer)) < 1e-9";
}

my $ours = "SELECT avg(convert_currency(price, 'USD', '2023-06-30')) FROM converted WHERE currency(price) <> 'EUR'";
my $peer = "SELECT avg(CASE WHEN currency = 'USD' THEN amount ELSE amount * rate END)
	FROM converted_by_hand LEFT JOIN segmentation.exchange_rate
		ON base = currency AND quote = 'USD' AND valid_from = '2023-06-30' WHERE currency <> 'EUR'";
compare(
	name => 'convert_currency on one day, by direct rates',
	ours => $ours,
	peer => $peer,
	check => agree($ours, $peer),
	workers => [0, 2],
	at_most => 3);

$ours = "SELECT avg(convert_currency(price, 'EUR', day)) FROM converted";
$peer = "SELECT avg(CASE WHEN currency = 'EUR' THEN amount ELSE amount / rate END)
	FROM converted_by_hand LEFT JOIN segmentation.exchange_rate
		ON base = 'EUR' AND quote = currency AND valid_from = day";
compare(
	name => "convert_currency on each row's day, by inverse rates",
	ours => $ours,
	peer => $peer,
	check => agree($ours, $peer),
	workers => [0, 2],
	at_most => 3);

$ours = "SELECT avg(convert_currency(price, 'JPY', day)) FROM converted WHERE currency(price) <> 'EUR'";
$peer = "SELECT avg(amount * t.rate / f.rate)
	FROM converted_by_hand
	JOIN segmentation.exchange_rate f ON f.base = 'EUR' AND f.quote = currency AND f.valid_from = day
	JOIN segmentation.exchange_rate t ON t.base = 'EUR' AND t.quote = 'JPY' AND t.valid_from = day";
compare(
	name => "convert_currency on each row's day, by way of euros",
	ours => $ours,
	peer => $peer,
	check => agree($ours, $peer),
	workers => [0, 2],
	at_most => 3);

# what reports do: a sum is exact, so that each amount is rounded before
$ours = "SELECT sum(round(convert_currency(price, 'EUR', day))) FROM converted";
$peer = "SELECT sum(CASE WHEN currency = 'EUR' THEN amount ELSE round(amount / rate, 2) END)
	FROM converted_by_hand LEFT JOIN segmentation.exchange_rate
		ON base = 'EUR' AND quote = currency AND valid_from = day";
compare(
	name => "sum of amounts converted and rounded, each on its own day",
	ours => $ours,
	peer => $peer,
	check => "SELECT abs(amount(($ours)) - ($peer)) <= 0.01 * $invoices",
	at_most => 3);

1;
