-- format_price: prices as people write them
\set VERBOSITY default
\set SHOW_CONTEXT never
SET client_encoding = 'UTF8';
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/refusal.sql'
\set ECHO none
\i :include
\set ECHO all

-- every form that is known; ~ is a no-break space, _ a narrow one, and no line breaks within a price
SELECT language, translate(format_price('1234567.5 EUR', language), U&'\00A0\202F ', '~_?') AS price,
       translate(format_price('-1234567.5 EUR', language), U&'\00A0\202F ', '~_?') AS negative,
       translate(format_price('1234.5 EUR', language), U&'\00A0\202F ', '~_?') AS thousand
FROM unnest('{en,en-IN,en-ZA,de,es,hr,sl,pt,nl,fr,fr-CH,fr-CA,sv,pl,et,de-CH,it-CH}'::text[]) AS language;
-- the decimals that the price has, and at least those of the currency
SELECT price, translate(format_price(price, 'de'), U&'\00A0', '~') AS german, translate(format_price(price, 'en-IN'), U&'\00A0', '~') AS indian, translate(format_price(price, 'es'), U&'\00A0', '~') AS spanish
FROM unnest('{0 EUR,-0.5 EUR,5 JPY,123456 JPY,1.5 KWD,0.0000166667 USD,999 EUR,1000 EUR,9999.99 EUR,10000 EUR,-100000 EUR,999999999999999999 JPY,-99999999999999999.9 EUR,0.000000000000000001 EUR}'::currency_price[]) AS price;
-- languages and regions by their BCP 47 tags, in any case, with _ as in names of locales
SELECT language, translate(format_price('1234.5 EUR', language), U&'\00A0\202F', '~_') FROM unnest('{DE,de-de,de_DE,fr-FR,PT_br,pt-PT,en-GB}'::text[]) AS language;
-- what is not known is refused: a separator that is guessed can make a thousand of one
SELECT left(language, 20) AS language, r.state, r.message, r.detail
FROM unnest(ARRAY['xx', '', 'e', 'eng', 'en-', 'es-GT', 'de-DE-1901', 'de_DE.UTF-8', 'C', 'en en-US', ' ', repeat('x', 1000)]) AS language,
    LATERAL pg_temp.refusal(format('SELECT format_price(''1 EUR'', %L)', language)) AS r;
-- no more than ten are named, the nearest
SELECT r.detail, r.hint FROM pg_temp.refusal($$SELECT format_price('1 EUR', 'fr-LI')$$) AS r;
-- all that are known, of all languages and their regions
CREATE TEMP TABLE letters AS SELECT chr(a) || chr(b) AS two FROM generate_series(97, 122) AS a, generate_series(97, 122) AS b;
CREATE TEMP TABLE known AS SELECT two AS tag FROM letters, pg_temp.refusal(format('SELECT format_price(''1 EUR'', %L)', two)) AS r WHERE r.state IS NULL;
INSERT INTO known SELECT region FROM known CROSS JOIN letters CROSS JOIN concat(tag, '-', upper(two)) AS region, pg_temp.refusal(format('SELECT format_price(''1 EUR'', %L)', region)) AS r
    WHERE segmentation.is_country(upper(two)) AND r.state IS NULL;
SELECT count(*),
       bool_and(replace(translate(format_price('-1234567.89 EUR', tag), U&'., \0027\00A0\202F', ''), U&'\2212', '-') IN ('-EUR123456789', '-123456789EUR', 'EUR-123456789')) AS complete
FROM known;
SELECT num_nulls(format_price(NULL, 'de'), format_price('1 EUR', NULL)) AS nulls;
-- no setting of the session has a part in it
SET lc_numeric = 'C.UTF-8';
SET lc_monetary = 'C.UTF-8';
SELECT translate(format_price('-1234.5 EUR', 'sv'), U&'\00A0', '~');

-- where an encoding may lack them, plain blanks and minus signs
SELECT current_database() AS database \gset
CREATE DATABASE regress_segmentation_latin1 ENCODING 'LATIN1' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C';
\c regress_segmentation_latin1
CREATE EXTENSION segmentation;
SELECT language, format_price('-1234567.5 EUR', language) FROM unnest('{en,fr,sv,de-CH}'::text[]) AS language;
\c :database
DROP DATABASE regress_segmentation_latin1;
