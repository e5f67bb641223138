-- what an application shows of a market

CREATE FUNCTION segmentation.language_fallback(language text, default_language text DEFAULT NULL) RETURNS text[]
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 5;
COMMENT ON FUNCTION segmentation.language_fallback(text, text) IS
    'the languages in which a text is looked for, one after the other: fr-CH, fr, then the default one''s';

-- for the planner to inline: one query of stable parts, without settings; an
-- SQL-standard body, whose names are resolved here
CREATE FUNCTION segmentation.price_list(market @extschema@.segment_id, language text DEFAULT NULL, on_date date DEFAULT current_date)
    RETURNS TABLE (
        code text,
        title text,
        description text,
        text_language text,
        price @extschema@.currency_price,
        free boolean,
        billing_period interval,
        kind text,
        promotional boolean,
        available daterange
    )
    LANGUAGE sql STABLE PARALLEL SAFE ROWS 50
BEGIN ATOMIC
    SELECT DISTINCT ON (o.code)
           o.code, t.title, t.description, t.language,
           o.price, o.free, o.billing_period, o.kind, o.promotional, o.available
      FROM segmentation.market m
           CROSS JOIN segmentation.language_fallback(price_list.language, m.default_language) AS f (languages)
           JOIN segmentation.offer o ON o.market OPERATOR(@extschema@.=) m.id
           LEFT JOIN segmentation.offer_text t
           ON t.market OPERATOR(@extschema@.=) o.market AND t.offer = o.code AND t.language = ANY (f.languages)
     WHERE m.id OPERATOR(@extschema@.=) price_list.market
       AND o.customer IS NULL
       AND o.available @> coalesce(on_date, current_date)
     ORDER BY o.code, array_position(f.languages, t.language);
END;
COMMENT ON FUNCTION segmentation.price_list(@extschema@.segment_id, text, date) IS
    'offers of a market to all its customers on a day, with their texts in a language, or else the market''s default one';
