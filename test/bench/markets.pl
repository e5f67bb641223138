# markets.pl: price lists of one market among 200, and clones, against the
# statements by hand
use strict;
use warnings;

my $markets = 200;
my $offers = rows(10_000);

setup("INSERT INTO segmentation.market (id, currency, countries)
		SELECT ('m' || i)::segment_id, 'EUR', ARRAY['FR'] FROM generate_series(1, $markets) i",
	"INSERT INTO segmentation.offer (market, code, price, billing_period)
		SELECT ('m' || 1 + i % $markets)::segment_id, 'offer-' || i, currency_price(1 + i % 1000, 'EUR'), '1 month'
		FROM generate_series(1, $offers) i",
	"INSERT INTO segmentation.offer_text (market, offer, language, title)
		SELECT market, code, language, code || ' in ' || language
		FROM segmentation.offer, unnest(ARRAY['en', 'fr', 'de']) AS language",
	"INSERT INTO segmentation.market (id, currency) VALUES ('large', 'EUR')",
	"INSERT INTO segmentation.offer (market, code, price, billing_period)
		SELECT 'large', 'offer-' || i, currency_price(i, 'EUR'), '1 month' FROM generate_series(1, 1000) i",
	"INSERT INTO segmentation.offer_text (market, offer, language, title)
		SELECT market, code, language, code FROM segmentation.offer, unnest(ARRAY['en', 'fr', 'de']) AS language WHERE market = 'large'",
	'VACUUM ANALYZE segmentation.market, segmentation.offer, segmentation.offer_text');

# a thousand lists in one statement, so that the session's round trips do not count;
# titles are read, or the server would leave out the peer's joins with the texts
compare(
	name => "price list of one market, $offers offers in $markets markets",
	ours => "SELECT count(*), count(title), sum(price) FROM generate_series(1, 1000) n,
		LATERAL (SELECT * FROM segmentation.price_list(('m' || 1 + n % $markets)::segment_id, 'fr', '2026-01-01')) l",
	peer => "SELECT count(*), count(title), sum(price) FROM generate_series(1, 1000) n,
		LATERAL (SELECT o.code, coalesce(f.title, d.title) AS title, coalesce(f.description, d.description) AS description, o.price,
				o.free, o.billing_period, o.kind, o.promotional, o.available
			FROM segmentation.market m JOIN segmentation.offer o ON o.market = m.id
				LEFT JOIN segmentation.offer_text f ON f.market = o.market AND f.offer = o.code AND f.language = 'fr'
				LEFT JOIN segmentation.offer_text d ON d.market = o.market AND d.offer = o.code AND d.language = m.default_language
			WHERE m.id = ('m' || 1 + n % $markets)::segment_id AND o.customer IS NULL AND o.available @> date '2026-01-01'
			ORDER BY o.code) l",
	same => 1,
	at_most => 1.1);

my $clone = "INSERT INTO segmentation.market (id, currency) VALUES ('copy', 'EUR');
	INSERT INTO segmentation.offer (market, code, price, free, billing_period, available, promotional, kind, customer)
		SELECT 'copy', code, price, free, billing_period, available, promotional, kind, customer
		FROM segmentation.offer WHERE market = 'large';
	INSERT INTO segmentation.offer_text (market, offer, language, title, description)
		SELECT 'copy', offer, language, title, description FROM segmentation.offer_text WHERE market = 'large'";

compare(
	name => 'clone of a market with 1,000 offers in 3 languages',
	ours => "SELECT FROM segmentation.clone_market('large', 'copy', 'EUR')",
	peer => "DO \$\$ BEGIN $clone; END \$\$",
	before => "DELETE FROM segmentation.offer WHERE market = 'copy'; DELETE FROM segmentation.market WHERE id = 'copy'",
	at_most => 1.5);

1;
