-- The tables of a SaaS business, and :customers customers in them.
--
-- Every figure comes from a hash of its row's number, and today is a fixed day:
-- the same business on every machine, in every locale, at every call.  The hash
-- is the one that hash partitioning rests on, which no release may change.

\i demo/settings.sql

CREATE FUNCTION today() RETURNS date IMMUTABLE PARALLEL SAFE
    RETURN DATE '2026-01-01';

CREATE FUNCTION dice(n bigint, seed bigint, sides bigint) RETURNS integer
    IMMUTABLE PARALLEL SAFE
    RETURN ((hashint8extended(n, seed) & 2147483647) % sides)::integer;

-- where it sells: a segment each, with its currency
CREATE TABLE segments (
    segment segment_id PRIMARY KEY,
    currency text NOT NULL,
    country text,
    share integer NOT NULL,        -- of 1000 customers
    legal_form text NOT NULL,
    price_level numeric NOT NULL,  -- of the list price in euros
    mood integer NOT NULL          -- how content people are there
);
INSERT INTO segments VALUES
    ('dach',     'EUR', 'DE', 290, 'GmbH', 1,     6),
    ('france',   'EUR', 'FR', 160, 'SARL', 1,     0),
    ('uk',       'GBP', 'GB', 140, 'Ltd',  0.9,  10),
    ('us',       'USD', 'US', 190, 'Inc.', 1.1,  16),
    ('nordics',  'SEK', 'SE',  70, 'AB',   11,   12),
    ('swiss',    'CHF', 'CH',  50, 'AG',   1.05, 14),
    ('japan',    'JPY', 'JP',  50, 'KK',   150,   2),
    ('gulf',     'KWD', 'KW',  10, 'WLL',  0.335, 8),
    ('partners', 'EUR', NULL,  40, 'SA',   0.8,   4);

CREATE TABLE offers (
    id integer PRIMARY KEY,
    segment segment_id NOT NULL,
    plan text NOT NULL,
    price currency_price NOT NULL,  -- of a seat for a month
    UNIQUE (segment, plan)
);
INSERT INTO offers
SELECT row_number() OVER (ORDER BY s.segment, p.euros DESC), s.segment, p.plan,
       round(currency_price(p.euros * s.price_level, s.currency))
FROM segments s
CROSS JOIN (VALUES ('starter', 19.00), ('team', 15.00), ('business', 12.50),
                   ('enterprise', 9.90), ('insights', 4.90)) AS p (plan, euros);

CREATE TABLE customers (
    id bigint NOT NULL,
    name text NOT NULL,
    country text,
    industry text,
    segment segment_id,
    signed_up date NOT NULL
);

\echo '  rows loaded'
INSERT INTO customers
SELECT n,
       (ARRAY['Müller & Söhne', 'Aurora', 'O''Brien', 'Nordström', 'Dupont', 'Kestrel',
              'Castañeda', '"Blue" River', 'Tanaka', 'Al-Sabah', 'Weiß', 'Harbour 7',
              'Lefèvre', 'Pacific', 'Svensson', 'van der Berg'])[1 + dice(n, 1, 16)]
       || ' ' ||
       (ARRAY['Analytics', 'Logistics', 'Foods', 'Media', 'Robotics', 'Health', 'Travel',
              'Energy', 'Tools', 'Textiles', 'Optics', 'Learning'])[1 + dice(n, 2, 12)]
       || ' ' || s.legal_form,
       CASE WHEN s.segment = 'dach' AND dice(n, 3, 6) = 0 THEN 'AT'
            WHEN dice(n, 4, 100) > 1 THEN s.country END,
       (ARRAY['software', 'retail', 'manufacturing', 'health', 'finance', 'education',
              'travel', NULL])[1 + dice(n, 5, 22) / 3],
       s.segment,
       -- later years brought more customers
       today() - 1 - least(dice(n, 6, 1826), dice(n, 7, 1826))
FROM generate_series(1, :customers) AS n
JOIN (SELECT *, sum(share) OVER (ORDER BY segment) AS upto FROM segments) AS s
  ON dice(n, 8, 1000) >= upto - share AND dice(n, 8, 1000) < upto;
\echo '    customers     ' :ROW_COUNT

-- A customer's subscription, and to some an add-on; one in twelve has none yet.
CREATE TABLE subscriptions (
    id bigint NOT NULL,
    customer_id bigint NOT NULL,
    offer_id integer NOT NULL,
    seats integer NOT NULL,
    discount integer NOT NULL,  -- per cent
    status text NOT NULL CHECK (status IN ('draft', 'active', 'cancelled')),
    started date,
    ended date
);
INSERT INTO subscriptions
SELECT 10 * c.id + k, c.id, o.id,
       CASE p.plan WHEN 'starter' THEN 1 + dice(c.id, 20, 2)
                   WHEN 'team' THEN 3 + dice(c.id, 20, 12)
                   WHEN 'business' THEN 15 + dice(c.id, 20, 60)
                   ELSE 80 + dice(c.id, 20, 500) END,
       CASE dice(c.id, 21, 40) WHEN 0 THEN 100 WHEN 1 THEN 25 WHEN 2 THEN 15 WHEN 3 THEN 10 ELSE 0 END,
       s.status,
       CASE WHEN s.status <> 'draft' THEN d.started END,
       CASE WHEN s.status = 'cancelled' THEN d.started + (today() - d.started) * dice(c.id, 22, 90) / 100 END
FROM customers c
CROSS JOIN generate_series(1, 2) AS k
CROSS JOIN LATERAL (SELECT CASE WHEN dice(c.id, 23, 100) < 45 THEN 'starter'
                                WHEN dice(c.id, 23, 100) < 75 THEN 'team'
                                WHEN dice(c.id, 23, 100) < 94 THEN 'business'
                                ELSE 'enterprise' END AS plan) AS p
CROSS JOIN LATERAL (SELECT CASE WHEN dice(10 * c.id + k, 24, 100) < 4 THEN 'draft'
                                WHEN dice(10 * c.id + k, 24, 100) < 20 THEN 'cancelled'
                                ELSE 'active' END AS status) AS s
CROSS JOIN LATERAL (SELECT c.signed_up + (today() - c.signed_up) * dice(c.id, 25, 30) / 100 AS started) AS d
JOIN offers o ON o.segment = c.segment AND o.plan = CASE k WHEN 1 THEN p.plan ELSE 'insights' END
WHERE dice(c.id, 26, 100) >= CASE k WHEN 1 THEN 8 ELSE 88 END;
\echo '    subscriptions ' :ROW_COUNT

-- Last year's invoices, monthly.  Who came from Switzerland in July has two
-- currencies.
CREATE TABLE invoices (
    id bigint NOT NULL,
    customer_id bigint NOT NULL,
    subscription_id bigint NOT NULL,
    issued date NOT NULL,
    amount currency_price NOT NULL
);
INSERT INTO invoices
SELECT 100 * s.id + m, s.customer_id, s.id, d.issued,
       CASE WHEN s.customer_id % 125 = 12 AND currency(o.price) = 'EUR' AND m < 7
            THEN currency_price(amount(a.amount), 'CHF') ELSE a.amount END
FROM subscriptions s
JOIN offers o ON o.id = s.offer_id
CROSS JOIN generate_series(1, 12) AS m
CROSS JOIN LATERAL (SELECT make_date(2025, m, 1 + dice(s.id, 30, 28)) AS issued) AS d
CROSS JOIN LATERAL (SELECT round(o.price * s.seats * (100 - s.discount) / 100) AS amount) AS a
WHERE d.issued >= s.started AND d.issued < coalesce(s.ended, today());
\echo '    invoices      ' :ROW_COUNT

INSERT INTO invoices
SELECT id + 50, customer_id, subscription_id, issued + 3, -amount
FROM invoices WHERE dice(id, 31, 250) = 0;
\echo '    refunds       ' :ROW_COUNT

CREATE TABLE logins (
    customer_id bigint NOT NULL,
    at timestamptz NOT NULL
);
INSERT INTO logins
SELECT c.id,
       TIMESTAMPTZ '2026-01-01 00:00+00' - interval '1 minute'
       * (1 + dice(10 * c.id + k, 40, 1440 * (CASE WHEN dice(c.id, 41, 5) = 0 THEN 120 ELSE 25 END)))
FROM customers c CROSS JOIN generate_series(1, 6) AS k
WHERE k <= dice(c.id, 42, 14);
\echo '    logins        ' :ROW_COUNT

-- Asked each half year; some open the question and leave it unanswered.
CREATE TABLE responses (
    customer_id bigint NOT NULL,
    answered_at timestamptz NOT NULL,
    score smallint
);
INSERT INTO responses
SELECT c.id,
       TIMESTAMPTZ '2025-12-31 12:00+00'
       - interval '1 minute' * (262800 * (3 - k) + dice(10 * c.id + k, 50, 200000)),
       CASE WHEN dice(10 * c.id + k, 51, 25) > 0 THEN
            width_bucket(dice(10 * c.id + k, 52, 100) + 4 * k + coalesce(s.mood, 0)
                         + CASE o.plan WHEN 'enterprise' THEN 20 WHEN 'business' THEN 14
                                       WHEN 'team' THEN 7 ELSE 0 END,
                         ARRAY[3, 5, 8, 12, 16, 24, 34, 50, 72, 95]) END
FROM customers c
JOIN segments s USING (segment)
LEFT JOIN subscriptions p ON p.id = 10 * c.id + 1
LEFT JOIN offers o ON o.id = p.offer_id
CROSS JOIN generate_series(1, 3) AS k
WHERE dice(10 * c.id + k, 53, 100) < 40;
\echo '    responses     ' :ROW_COUNT

-- What a real table has too: customers without a segment, and three whom
-- somebody put into another one by hand.
UPDATE customers c SET segment = NULL
WHERE NOT EXISTS (SELECT FROM subscriptions s WHERE s.customer_id = c.id) OR id % 200 = 77;
UPDATE customers SET segment = 'us'
WHERE id IN (SELECT customer_id FROM subscriptions s JOIN offers o ON o.id = s.offer_id
             WHERE o.segment = 'uk' AND s.status = 'active' AND s.id % 10 = 1
             ORDER BY customer_id LIMIT 3);

ALTER TABLE customers ADD PRIMARY KEY (id);
ALTER TABLE subscriptions ADD PRIMARY KEY (id);
ALTER TABLE subscriptions ADD FOREIGN KEY (customer_id) REFERENCES customers;
ALTER TABLE subscriptions ADD FOREIGN KEY (offer_id) REFERENCES offers;
CREATE INDEX ON subscriptions (customer_id);
ALTER TABLE invoices ADD PRIMARY KEY (id);
ALTER TABLE invoices ADD FOREIGN KEY (customer_id) REFERENCES customers;
ALTER TABLE invoices ADD FOREIGN KEY (subscription_id) REFERENCES subscriptions;
ALTER TABLE logins ADD FOREIGN KEY (customer_id) REFERENCES customers;
ALTER TABLE responses ADD FOREIGN KEY (customer_id) REFERENCES customers;
ANALYZE segments, offers, customers, subscriptions, invoices, logins, responses;
