-- the codes of countries and languages that are compiled in
\set VERBOSITY default
CREATE TEMP TABLE letter AS SELECT chr(n) AS capital, chr(n + 32) AS small FROM generate_series(65, 90) AS n;

-- How many there are, and the first and last.
SELECT count(*), min(code), max(code) FROM (SELECT a.capital || b.capital COLLATE "C" AS code FROM letter a, letter b) AS c
WHERE segmentation.is_country(code);
SELECT count(*), min(tag), max(tag) FROM (SELECT a.small || b.small COLLATE "C" AS tag FROM letter a, letter b) AS t
WHERE segmentation.is_language(tag);
SELECT count(*), min(tag), max(tag) FROM (SELECT a.small || b.small || c.small COLLATE "C" AS tag FROM letter a, letter b, letter c) AS t
WHERE segmentation.is_language(tag);

-- A country is written in two capital letters.
SELECT code, segmentation.is_country(code)
FROM unnest('{FR,XK,UK,EU,fr,Fr,FRA,F,"","FR ",250,ÅX,NULL}'::text[]) AS code;
-- A list of them has no other, none twice, and one dimension.
SELECT codes, segmentation.are_countries(codes::text[])
FROM unnest(ARRAY['{}', '{FR}', '{FR,DE}', '{FR,DE,FR}', '{FR,UK}', '{FR,NULL}', '{NULL}', '{{FR,DE}}', '[5:6]={FR,DE}', NULL]) AS codes;
SELECT segmentation.are_countries(array_agg(code)) AS all_of_them
FROM (SELECT a.capital || b.capital AS code FROM letter a, letter b) AS c WHERE segmentation.is_country(code);

-- A language is written by the shortest code that it has; script and country may follow.
SELECT tag, segmentation.is_language(tag)
FROM unnest('{fr,de,sh,gsw,haw,yue,fra,deu,ger,und,mul,zxx,mis,qaa,xx,FR,Fr,f,"",fr-CH,fr-ch,fr_CH,FR-CH,fr-FRA,fr-UK,
    zh-Hant,zh-hant,zh-Hant-TW,zh-TW-Hant,zh-Hantt,sr-Latn-RS-x,en-001,en-150,es-419,es-42,es-999,gsw-CH,-,fr-,-CH,fr--CH,fr-CH-,ç,NULL}'::text[]) AS tag;

-- Where a text is looked for: whatever the case, part by part, then the default; in nothing that is no tag.
SELECT tag, segmentation.language_fallback(tag, 'de-AT'), segmentation.language_fallback(tag)
FROM unnest('{fr-CH,fr_ch,FR,zh-Hant-TW,ZH-HANT-tw,en-US-x-twain,"",-,fr-,ç,NULL}'::text[]) AS tag;
SELECT segmentation.language_fallback(NULL, NULL), segmentation.language_fallback('fr', NULL),
    cardinality(segmentation.language_fallback(repeat('x-', 17) || 'y')) AS longest, segmentation.language_fallback(repeat('x-', 100000), 'de') AS too_long;
