-- what is missing or doubtful about a market before it goes live

CREATE FUNCTION segmentation_internal.market_known(id @extschema@.segment_id) RETURNS segmentation.market
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    result segmentation.market;
BEGIN
    IF id IS NULL THEN
        PERFORM segmentation_internal.refuse('22004',
            'the id of a market must not be null');
    END IF;
    SELECT * INTO result FROM segmentation.market m WHERE m.id OPERATOR(@extschema@.=) market_known.id;
    IF NOT FOUND THEN
        PERFORM segmentation_internal.refuse('P0002',
            format('market "%s" does not exist', id),
            hint => 'The markets that there are: SELECT id FROM segmentation.market;');
    END IF;
    RETURN result;
END
$$;
COMMENT ON FUNCTION segmentation_internal.market_known(@extschema@.segment_id) IS 'the market of an id, or an error';

CREATE FUNCTION segmentation_internal.market_same_offers(a @extschema@.segment_id, b @extschema@.segment_id) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT NOT EXISTS (
        SELECT FROM (SELECT code, price, free, billing_period, available, promotional, kind, customer
                       FROM segmentation.offer WHERE market OPERATOR(@extschema@.=) a) x
               FULL JOIN
               (SELECT code, price, free, billing_period, available, promotional, kind, customer
                  FROM segmentation.offer WHERE market OPERATOR(@extschema@.=) b) y USING (code)
         WHERE x IS DISTINCT FROM y);
END;
COMMENT ON FUNCTION segmentation_internal.market_same_offers(@extschema@.segment_id, @extschema@.segment_id) IS
    'whether two markets have the same offers at the same prices, whatever their texts';

CREATE FUNCTION segmentation.check_market(id @extschema@.segment_id)
    RETURNS TABLE (code text, severity text, sentence text, hint text)
    LANGUAGE sql STABLE ROWS 5
BEGIN ATOMIC
    WITH this AS MATERIALIZED (
        SELECT m.* FROM segmentation_internal.market_known(check_market.id) m
    ), other AS MATERIALIZED (
        SELECT m.*,
               m.business IS NOT DISTINCT FROM this.business AS same_business,
               (m.customer_type, m.partner, m.channel, m.product)
                   IS NOT DISTINCT FROM (this.customer_type, this.partner, this.channel, this.product)
                   AND m.countries && this.countries AS same_customers,
               (m.currency, m.customer_type, m.partner, m.channel, m.sales_representative, m.service_level, m.product, m.business, m.sector)
                   IS NOT DISTINCT FROM (this.currency, this.customer_type, this.partner, this.channel, this.sales_representative,
                                         this.service_level, this.product, this.business, this.sector)
                   AND m.countries @> this.countries AND m.countries <@ this.countries
                   AND segmentation_internal.market_same_offers(m.id, this.id) AS same_but_language
          FROM segmentation.market m, this
         WHERE m.id OPERATOR(@extschema@.<>) this.id AND m.status <> 'retired'
    ), offer AS MATERIALIZED (
        SELECT o.* FROM segmentation.offer o, this
         WHERE o.market OPERATOR(@extschema@.=) this.id AND o.available && daterange(current_date, NULL)
    )
    SELECT f.* FROM (
    SELECT 'no-country' AS code, 'error' AS severity,
           format('Market "%s" has no country.', this.id) AS sentence,
           format('Say where its customers are, as in UPDATE segmentation.market SET countries = ''{FR}'' WHERE id = ''%s'';', this.id) AS hint
      FROM this
     WHERE countries = '{}'
    UNION ALL
    SELECT 'no-offer', 'error',
           format('Market "%s" has no offer that is sold today or later.', this.id),
           'Add offers to segmentation.offer, with their texts in segmentation.offer_text.'
      FROM this
     WHERE NOT EXISTS (SELECT FROM offer)
    UNION ALL
    SELECT 'offer-without-price', 'error',
           format('Offers without a price that are not free: %s.',
                  segmentation_internal.first_ten(array_agg(format('"%s"', offer.code) ORDER BY offer.code))),
           format('Give each a price in %s, or set free to true.', this.currency)
      FROM offer, this
     WHERE offer.price IS NULL AND NOT offer.free
     GROUP BY this.currency
    UNION ALL
    SELECT 'offer-without-text', 'error',
           format('Offers without a text in the market''s default language, "%s": %s.', this.default_language,
                  segmentation_internal.first_ten(array_agg(format('"%s"', offer.code) ORDER BY offer.code))),
           'Add their titles to segmentation.offer_text.'
      FROM offer, this
     WHERE NOT EXISTS (SELECT FROM segmentation.offer_text t
                        WHERE t.market OPERATOR(@extschema@.=) offer.market AND t.offer = offer.code
                          AND t.language = ANY (segmentation.language_fallback(this.default_language)))
     GROUP BY this.default_language
    UNION ALL
    SELECT 'currency-withdrawn', 'warning',
           format('Market "%s" sells in %s (%s), which is withdrawn.', this.id, this.currency, c.name),
           'Make a market in the currency that has followed, with segmentation.clone_market, and move to it the customers who agree, with segmentation.move_customer.'
      FROM this JOIN @extschema@.currencies() c ON c.code = this.currency AND c.withdrawn
    UNION ALL
    SELECT 'language-missing', 'warning',
           format('Offers have no text in languages of other markets: %s.',
                  segmentation_internal.first_ten(array_agg(format('"%s" of market "%s" (%s of %s)', language, of_market, wanting, total) ORDER BY language))),
           'Add titles in those languages to segmentation.offer_text, or leave such customers to the default language.'
      FROM (SELECT t.language, @extschema@.min(t.market) AS of_market
              FROM segmentation.offer_text t JOIN other ON other.id OPERATOR(@extschema@.=) t.market AND other.same_business
             GROUP BY t.language) l,
           LATERAL (SELECT count(*) AS total, count(*) FILTER (WHERE NOT EXISTS (
                           SELECT FROM segmentation.offer_text t
                            WHERE t.market OPERATOR(@extschema@.=) offer.market AND t.offer = offer.code
                              AND t.language = ANY (segmentation.language_fallback(l.language)))) AS wanting
                      FROM offer) o
     WHERE wanting > 0
    HAVING count(*) > 0
    UNION ALL
    SELECT 'only-language', 'warning',
           format('It differs by nothing but language from %s.',
                  segmentation_internal.first_ten(array_agg(format('market "%s"', other.id) ORDER BY other.id))),
           'Language makes no market: give the offers of one of them texts in all those languages, and delete the others.'
      FROM other
     WHERE same_but_language
    HAVING count(*) > 0
    UNION ALL
    SELECT 'only-promotional', 'warning',
           'All its offers are promotional.',
           'A promotion or a season makes no market: its offers belong into an existing market, with their range of days in column "available".'
      FROM this
     WHERE (SELECT bool_and(promotional) FROM offer)
    UNION ALL
    SELECT 'other-business', 'warning',
           format('It is of business "%s", and %s of the other markets are of business "%s".', this.business, most.markets, most.business),
           'Another business has customers, offers and rules of its own: give it a database of its own, or correct column "business".'
      FROM this,
           (SELECT business, count(*) AS markets FROM other WHERE NOT same_business AND business IS NOT NULL
             GROUP BY business ORDER BY markets DESC, business LIMIT 1) most
     WHERE this.business IS NOT NULL AND most.markets > (SELECT count(*) FROM other WHERE same_business)
    UNION ALL
    SELECT 'countries-overlap', 'warning',
           format('The same product is sold to the same type of customers by the same channel by %s.',
                  segmentation_internal.first_ten(array_agg(
                      format('market "%s" in %s', other.id, segmentation_internal.first_ten(ARRAY(
                             SELECT country FROM unnest(this.countries) country
                              WHERE country = ANY (other.countries) ORDER BY country))) ORDER BY other.id))),
           'Tell them apart by country, customer type, channel or product, unless their customers know which is theirs.'
      FROM this, other
     WHERE same_customers AND NOT same_but_language
    HAVING count(*) > 0
    ) f
     ORDER BY f.severity, f.code, f.sentence COLLATE "C";
END;
COMMENT ON FUNCTION segmentation.check_market(@extschema@.segment_id) IS
    'what is missing (error) or doubtful (warning) about a market before it goes live, at most one finding of a kind';
