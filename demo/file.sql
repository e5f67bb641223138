-- Classes the customers of a CSV file whose rows, from read-csv, wait at file
-- descriptor 3.  A value that cannot be read is listed with the server's own
-- words, and reading goes on.
--
-- :file :key :amount :score  names, as the caller gave them (no score: '')
-- :currency                  of amounts that carry none
-- :decimal                   the sign before decimals; the other one groups thousands
-- :scale, :show              the tiers; how many unread values to list
\i demo/settings.sql

SELECT :'scale'::tier_scale AS scale \gset

CREATE TABLE lines (line integer, key text, amount text, currency text, score text, wrong text, text text);
\copy lines FROM PROGRAM 'cat <&3'

-- What stands before decimals is never guessed: 1,500 is two different amounts.
-- NULL is a number whose signs are not where the caller says they are.
CREATE FUNCTION plain_number(amount text, decimal_sign text) RETURNS text IMMUTABLE
    RETURN CASE
        WHEN decimal_sign = ','
            AND amount ~ '^[^\d.,]*(\d+|\d{1,3}(\.\d{3})+)(,\d+)?[^\d.,]*$' THEN translate(amount, ',.', '.')
        WHEN decimal_sign = '.'
            AND amount ~ '^[^\d.,]*(\d+|\d{1,3}(,\d{3})+)(\.\d+)?[^\d.,]*$' THEN replace(amount, ',', '')
        WHEN decimal_sign = '' OR amount !~ '[.,]' THEN amount END;

-- An amount with a currency of its own keeps it.
CREATE FUNCTION read_price(amount text, currency text, decimal_sign text, scale tier_scale,
                           OUT price currency_price, OUT wrong text)
    LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    IF amount = '' THEN
        wrong := 'no amount';
        RETURN;
    END IF;
    amount := plain_number(amount, decimal_sign);
    IF amount IS NULL THEN
        wrong := 'not a number with decimals after "' || decimal_sign || '"';
        RETURN;
    END IF;
    IF amount !~* '\d *[a-z]{3}$|^[a-z]{3} *[\d.+-]' THEN
        IF currency = '' THEN
            wrong := 'no currency';
            RETURN;
        END IF;
        amount := amount || ' ' || currency;
    END IF;
    price := amount;
    PERFORM tier(price, scale);
EXCEPTION WHEN data_exception THEN
    price := NULL;
    GET STACKED DIAGNOSTICS wrong = MESSAGE_TEXT;
END
$$;

CREATE FUNCTION read_score(text text, OUT score smallint, OUT wrong text)
    LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    IF text = '' THEN
        RETURN;
    END IF;
    PERFORM nps_class(text::numeric);
    score := text::numeric;
EXCEPTION WHEN data_exception THEN
    score := NULL;
    GET STACKED DIAGNOSTICS wrong = MESSAGE_TEXT;
END
$$;

CREATE TABLE readings AS
SELECT l.line, l.key, p.price, s.score, p.wrong AS wrong_amount, s.wrong AS wrong_score, l.amount, l.score AS answer
FROM lines l
CROSS JOIN LATERAL read_price(l.amount, coalesce(l.currency, :'currency'), :'decimal', :'scale') AS p
CROSS JOIN LATERAL read_score(l.score) AS s
WHERE l.wrong IS NULL AND l.key <> '';

-- Rows of the same key are added up.  Where the sum has more digits than a price
-- can have, none of the customer's rows counts.
UPDATE readings r SET price = NULL, wrong_amount = p.wrong || ' (the sum of the customer''s rows)'
FROM (SELECT key, sum(amount(price)) AS total, min(currency(price)) AS currency
      FROM readings GROUP BY key HAVING count(price) > 1) AS t
CROSS JOIN LATERAL read_price(t.total::text, t.currency, '', :'scale') AS p
WHERE r.key = t.key AND r.price IS NOT NULL AND p.wrong IS NOT NULL;

CREATE TABLE customers AS
SELECT key, count(*) AS rows, sum(price) AS revenue, tier(sum(price), :'scale') AS tier,
       latest_nps_class(score, to_timestamp(line)) AS class
FROM readings WHERE price IS NOT NULL GROUP BY key;

CREATE TABLE unread AS
SELECT line, key, NULL::text AS "column", text AS value,
       coalesce(wrong, 'no key') AS reason
FROM lines WHERE wrong IS NOT NULL OR key = ''
UNION ALL
SELECT line, key, :'amount', amount, wrong_amount FROM readings WHERE wrong_amount IS NOT NULL
UNION ALL
SELECT line, key, :'score', answer, wrong_score FROM readings WHERE wrong_score IS NOT NULL;
ANALYZE readings, customers, unread;
