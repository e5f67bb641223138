-- a customer's segments now, and why

CREATE FUNCTION segmentation.classify(model text, VARIADIC key text[]) RETURNS @extschema@.segment_id[]
    LANGUAGE c STABLE COST 100 AS 'MODULE_PATHNAME', 'model_classify';
COMMENT ON FUNCTION segmentation.classify(text, text[]) IS
    'sorted segments of a customer by the rules as they are now, without the stored answer; NULL for one who is not in the source';

CREATE FUNCTION segmentation.classify_row(model text, "row" jsonb) RETURNS @extschema@.segment_id[]
    LANGUAGE c STABLE COST 100 AS 'MODULE_PATHNAME', 'model_classify_row';
COMMENT ON FUNCTION segmentation.classify_row(text, jsonb) IS
    'sorted segments that someone with these values would have, who is not in the source; columns that are not given are NULL';

CREATE FUNCTION segmentation.explain_segments(model text, key text[],
    OUT segment @extschema@.segment_id, OUT member boolean, OUT decided_by text, OUT because text, OUT near_miss text, OUT detail jsonb)
    RETURNS SETOF record
    LANGUAGE c STABLE COST 100 ROWS 50 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION segmentation.explain_segments(text, text[]) IS
    'for each segment of a model, whether the customer is in it now, what decided, and the same in detail';

CREATE FUNCTION segmentation.explain_customer(model text, VARIADIC key text[])
    RETURNS TABLE (segment @extschema@.segment_id, member boolean, decided_by text, because text, near_miss text)
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT segment, member, decided_by, because, near_miss FROM segmentation.explain_segments(model, key)
$$;
COMMENT ON FUNCTION segmentation.explain_customer(text, text[]) IS
    'for each segment of a model, whether the customer is in it now, which conditions decided, and which one alone is missing';

CREATE FUNCTION segmentation.explain_customer_json(model text, VARIADIC key text[]) RETURNS jsonb
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT jsonb_build_object('model', model::@extschema@.segment_id::text, 'key', to_jsonb(key),
                              'segments', coalesce(jsonb_agg(detail ORDER BY number), '[]'))
      FROM segmentation.explain_segments(model, key) WITH ORDINALITY
           AS s (segment, member, decided_by, because, near_miss, detail, number)
$$;
COMMENT ON FUNCTION segmentation.explain_customer_json(text, text[]) IS 'the same as explain_customer, as JSON';
