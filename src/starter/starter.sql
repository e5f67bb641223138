-- first models in one call: NPS, revenue, lifecycle, RFM; each starter writes rules for the columns that it is given

-- which columns: those given, else the starter's own names
CREATE FUNCTION segmentation_internal.starter_columns(starter text, given name[]) RETURNS name[]
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    own name[] := CASE starter
        WHEN 'nps' THEN '{score,NULL}'
        WHEN 'revenue' THEN '{revenue}'
        WHEN 'lifecycle' THEN '{created_at,last_active_at}'
        WHEN 'rfm' THEN '{recency,frequency,monetary}' END;
BEGIN
    IF own IS NULL THEN
        PERFORM segmentation_internal.refuse('22023',
            format('unrecognized starter: %s', coalesce('"' || starter || '"', 'null')),
            hint => 'Starters are "nps", "revenue", "lifecycle" and "rfm".');
    ELSIF num_nonnulls(VARIADIC given[cardinality(own) + 1 :]) > 0 THEN
        PERFORM segmentation_internal.refuse('22023',
            format('too many columns for starter "%s"', starter),
            detail => format('It takes up to %s.', cardinality(own)),
            hint => 'Give other arguments by name, as in key => ''{id}''.');
    END IF;
    RETURN ARRAY(SELECT coalesce(given[place], own[place]) FROM generate_subscripts(own, 1) AS place ORDER BY place);
END
$$;
COMMENT ON FUNCTION segmentation_internal.starter_columns(text, name[]) IS 'columns that a starter reads: those given, else its own names for them';

-- the kind of a column's type, which is one of those given
CREATE FUNCTION segmentation_internal.starter_column(starter text, source regclass, column_name name, meaning text, kinds text[]) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    type regtype;
    kind text;
BEGIN
    WITH RECURSIVE base (type) AS (
        SELECT atttypid FROM pg_attribute WHERE attrelid = source AND attname = column_name AND attnum > 0
        UNION ALL
        SELECT typbasetype FROM base JOIN pg_type t ON t.oid = base.type WHERE typtype = 'd'
    ) SELECT base.type INTO type FROM base JOIN pg_type t ON t.oid = base.type WHERE typtype <> 'd';
    IF type IS NULL THEN
        PERFORM segmentation_internal.refuse('42703',
            format('column "%s" of %s does not exist', column_name, source),
            detail => format('Starter "%s" reads %s from it.', starter, meaning));
    END IF;
    kind := CASE WHEN type IN ('smallint'::regtype, 'integer', 'bigint') THEN 'integer'
                 WHEN type IN ('real'::regtype, 'double precision') THEN 'double precision'
                 WHEN type = '@extschema@.currency_price'::regtype THEN 'currency_price'
                 WHEN type = '@extschema@.nps_class'::regtype THEN 'nps_class'
                 ELSE format_type(type, NULL) END;
    IF kind <> ALL (kinds) THEN
        PERFORM segmentation_internal.refuse('42804',
            format('column "%s" of %s has type %s', column_name, source, type),
            detail => format('Starter "%s" reads %s from a column of type %s.', starter, meaning, array_to_string(kinds, ', ')),
            hint => 'Name another column, or make the source a view that has it in one of these types.');
    END IF;
    RETURN kind;
END
$$;
COMMENT ON FUNCTION segmentation_internal.starter_column(text, regclass, name, text, text[]) IS
    'kind of the type of a column that a starter reads; an error where there is none, or of another type';

-- NULL where there is none
CREATE FUNCTION segmentation_internal.starter_guess(starter text, place integer, source regclass, named name[]) RETURNS name
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN (SELECT a.attname FROM pg_attribute AS a JOIN pg_type AS t ON t.oid = a.atttypid
         WHERE a.attrelid = source AND a.attnum > 0 AND a.attname <> ALL (array_remove(named, NULL))
           AND NOT EXISTS (SELECT FROM pg_index AS i WHERE i.indrelid = source AND i.indisprimary AND a.attnum = ANY (i.indkey))
           AND CASE WHEN starter = 'lifecycle' OR (starter, place) IN (('rfm', 1), ('nps', 2)) THEN t.typcategory = 'D'
                    WHEN starter = 'nps' OR place = 2 THEN t.typcategory = 'N'
                    ELSE t.typcategory = 'N' AND starter = 'rfm' OR t.oid = '@extschema@.currency_price'::regtype END
         ORDER BY a.attnum LIMIT 1);
COMMENT ON FUNCTION segmentation_internal.starter_guess(text, integer, regclass, name[]) IS
    'a column of the source that a starter could read in some place, for hints: the first of a type that would do';

-- an error where the source or a column of it is not there, with the call to write instead
CREATE FUNCTION segmentation_internal.starter_check_source(starter text, source regclass, columns name[], given name[], key name[]) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    own CONSTANT name[] := ARRAY(SELECT attname FROM pg_attribute WHERE attrelid = source AND attnum > 0);
    missing CONSTANT integer[] := ARRAY(SELECT place FROM unnest(columns[:3]) WITH ORDINALITY AS u (name, place) WHERE name <> ALL (own) ORDER BY place);
    wanting integer;
BEGIN
    IF NOT EXISTS (SELECT FROM pg_class WHERE oid = source) THEN
        PERFORM segmentation_internal.refuse('42P01',
            format('relation with OID %s does not exist', source::oid),
            hint => 'The source is a table or view with one row per customer.');
    ELSIF missing <> '{}' THEN
        FOREACH wanting IN ARRAY missing LOOP
            given[wanting] := segmentation_internal.starter_guess(starter, wanting, source, columns || given || key);
        END LOOP;
        PERFORM segmentation_internal.refuse('42703',
            format('column "%s" of %s does not exist', columns[missing[1]], source),
            detail => format('Starter "%s" reads columns %s unless it is given others.', starter,
                             (SELECT string_agg(quote_ident(name), ', ' ORDER BY place)
                                FROM unnest(segmentation_internal.starter_columns(starter, '{NULL,NULL,NULL}')) WITH ORDINALITY AS u (name, place) WHERE name IS NOT NULL)),
            hint => CASE WHEN num_nulls(VARIADIC ARRAY(SELECT given[m] FROM unnest(missing) AS m)) > 0 THEN 'Make the source a view that has it.'
                ELSE format('Name yours, such as SELECT * FROM segmentation.create_model_from(%L, %L, %s);', starter, source, concat_ws(', ',
                    (SELECT string_agg(format('column_%s => %L', n, given[n]), ', ' ORDER BY n) FROM generate_series(1, 3) AS n WHERE given[n] IS NOT NULL),
                    'key => ' || quote_literal(key))) END);
    END IF;
END
$$;
COMMENT ON FUNCTION segmentation_internal.starter_check_source(text, regclass, name[], name[], name[]) IS
    'an error where a starter''s source or a column of it does not exist';

-- what a column of times is compared with, in a rule
CREATE FUNCTION segmentation_internal.starter_ago(kind text, days integer) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN CASE kind WHEN 'date' THEN format('current_date - %s', days)
                 WHEN 'timestamp with time zone' THEN format('now() - interval ''%s days''', days)
                 ELSE format('localtimestamp - interval ''%s days''', days) END;
COMMENT ON FUNCTION segmentation_internal.starter_ago(text, integer) IS 'SQL of the moment, or day, so many days ago';

CREATE FUNCTION segmentation_internal.starter_row(query text, as_of timestamptz) RETURNS record
    LANGUAGE c STABLE STRICT COST 100 AS 'MODULE_PATHNAME', 'model_starter_row';
COMMENT ON FUNCTION segmentation_internal.starter_row(text, timestamptz) IS 'the one row of a query of a source, as of a moment';

CREATE FUNCTION segmentation_internal.known_time_zone(time_zone text) RETURNS text
    LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'known_time_zone';
COMMENT ON FUNCTION segmentation_internal.known_time_zone(text) IS 'name of a time zone as the server spells it; an error where there is none';

-- the one currency of a column, NULL where it has no price
CREATE FUNCTION segmentation_internal.starter_currency(source regclass, column_name name, as_of timestamptz, wanted text DEFAULT NULL) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    currencies text[];
    counts text;
BEGIN
    SELECT * INTO currencies, counts FROM segmentation_internal.starter_row(format(
        'SELECT array_agg(currency ORDER BY currency), segmentation_internal.first_ten(array_agg(currency || '' '' || customers ORDER BY currency))
           FROM (SELECT @extschema@.currency(%1$I), count(*) AS customers FROM %2$s WHERE %1$I IS NOT NULL GROUP BY 1) AS c (currency, customers)',
        column_name, source), as_of) AS row (currencies text[], counts text);
    IF cardinality(currencies) > 1 THEN
        PERFORM segmentation_internal.refuse('22023',
            format('column "%s" of %s has prices in %s currencies', column_name, source, cardinality(currencies)),
            detail => format('Customers by currency: %s.', counts),
            hint => format('Make the source a view that converts them, with convert_currency(%I, %L, segmentation.moment()::date), or one for the customers of each currency.',
                           column_name, coalesce(wanted, currencies[1])));
    END IF;
    RETURN currencies[1];
END
$$;
COMMENT ON FUNCTION segmentation_internal.starter_currency(regclass, name, timestamptz, text) IS 'currency of the prices of a column; an error where there are several';

-- what is no number to be scored: not there, or not finite
CREATE FUNCTION segmentation_internal.starter_no_number(column_name name, kind text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN format(CASE WHEN kind IN ('numeric', 'double precision') THEN '%1$I IN (''NaN'', ''Infinity'', ''-Infinity'')' END, column_name);
COMMENT ON FUNCTION segmentation_internal.starter_no_number(name, text) IS
    'SQL condition of values of a column that are not finite; NULL where its type has none';

-- quantiles of numbers; one between two values that the numbers can have, by their decimals, counts as the upper
CREATE FUNCTION segmentation_internal.starter_breaks(source regclass, value text, bins integer, said_of text, as_of timestamptz) RETURNS numeric[]
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    breaks numeric[];
    decimals integer;
BEGIN
    SELECT * INTO breaks, decimals FROM segmentation_internal.starter_row(format(
        'SELECT @extschema@.quantile_breaks(v, %s), max(min_scale(v)) FROM (SELECT round((%s)::numeric, 18) AS v FROM %s) AS s WHERE v NOT IN (''NaN'', ''Infinity'', ''-Infinity'')',
        bins, value, source), as_of) AS row (breaks numeric[], decimals integer);
    IF breaks IS NULL THEN
        PERFORM segmentation_internal.refuse('55000',
            format('there are no values of %s in %s to compute quantiles of', said_of, source),
            hint => 'Fill the source first, or define the segments of a model by hand.');
    END IF;
    breaks := ARRAY(SELECT trim_scale(ceil(b * ('1e' || decimals)::numeric) * ('1e-' || decimals)::numeric)
                      FROM unnest(breaks) WITH ORDINALITY AS u (b, place) ORDER BY place);
    IF (SELECT count(DISTINCT b) FROM unnest(breaks) AS b) < bins - 1 THEN
        RAISE NOTICE 'quantiles of % coincide: %', said_of, array_to_string(breaks, ', ')
            USING DETAIL = 'So many customers have the same value that some scores or tiers are nobody''s.';
    END IF;
    RETURN breaks;
END
$$;
COMMENT ON FUNCTION segmentation_internal.starter_breaks(regclass, text, integer, text, timestamptz) IS
    'quantiles of an expression over a source that divide its customers into bins, with as many decimals as the values have';

CREATE FUNCTION segmentation_internal.starter_bound(bound text, currency text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN CASE WHEN currency IS NULL THEN bound ELSE quote_literal(bound || ' ' || currency) END;
COMMENT ON FUNCTION segmentation_internal.starter_bound(text, text) IS 'SQL of a number, or of a price';

-- above the break before the first bin, up to the break after the last one
CREATE FUNCTION segmentation_internal.starter_between(value text, currency text, breaks numeric[], low integer, high integer) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN nullif(concat_ws(' AND ', value || ' > ' || segmentation_internal.starter_bound(breaks[low - 1]::text, currency),
                                 value || ' <= ' || segmentation_internal.starter_bound(breaks[high]::text, currency)), '');
COMMENT ON FUNCTION segmentation_internal.starter_between(text, text, numeric[], integer, integer) IS
    'SQL condition of the bins from low to high among breaks; NULL if those are all';

-- the same of the number of days since a date, which may be infinite
CREATE FUNCTION segmentation_internal.starter_days_between(day text, breaks numeric[], low integer, high integer) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN nullif(concat_ws(' AND ', day || ' < current_date - ' || breaks[low - 1], day || ' >= current_date - ' || breaks[high]), '');
COMMENT ON FUNCTION segmentation_internal.starter_days_between(text, numeric[], integer, integer) IS
    'SQL condition of a date whose age in days is in the bins from low to high among breaks; NULL if those are all';

CREATE FUNCTION segmentation_internal.starter_nps(source regclass, columns name[], days integer[], as_of timestamptz, OUT objective text, OUT segments text[])
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    kind text := segmentation_internal.starter_column('nps', source, columns[1], 'the score from 0 to 10', '{integer,numeric,nps_class}');
    class text := CASE kind WHEN 'nps_class' THEN '%I = %2$L::@extschema@.nps_class' ELSE '%I BETWEEN %3$s AND %4$s' END;
    silent text := format('%I IS NULL', columns[1]);
    wrong bigint;
BEGIN
    IF kind <> 'nps_class' THEN
        SELECT * INTO wrong FROM segmentation_internal.starter_row(format(
            'SELECT count(*) FROM %s WHERE %2$I < 0 OR %2$I > 10 OR %2$I %% 1 <> 0', source, columns[1]), as_of) AS row (count bigint);
        IF wrong > 0 THEN
            PERFORM segmentation_internal.refuse('22003',
                format('column "%s" of %s has values that are no score', columns[1], source),
                detail => format('Customers with another value than a whole number from 0 to 10: %s.', wrong));
        END IF;
    END IF;
    IF columns[2] IS NULL AND days IS NOT NULL THEN
        PERFORM segmentation_internal.refuse('22023',
            'argument "days" needs a column that says when the score was given',
            hint => 'Name it after that of the score.');
    ELSIF columns[2] IS NOT NULL THEN
        silent := format('%s OR %I IS NULL OR %2$I < %s', silent, columns[2], segmentation_internal.starter_ago(
            segmentation_internal.starter_column('nps', source, columns[2], 'when the score was given', '{date,timestamp without time zone,timestamp with time zone}'),
            coalesce(days[1], 365)));
    END IF;
    objective := format('what customers say: promoters, passives and detractors by %I', columns[1]);
    segments := ARRAY[
        ARRAY['silent', 'Silent', silent],
        ARRAY['promoter', 'Promoters', format(class, columns[1], 'promoter', 9, 10)],
        ARRAY['passive', 'Passives', format(class, columns[1], 'passive', 7, 8)],
        ARRAY['detractor', 'Detractors', format(class, columns[1], 'detractor', 0, 6)]];
END
$$;
COMMENT ON FUNCTION segmentation_internal.starter_nps(regclass, name[], integer[], timestamptz) IS 'segments by the score that a customer gave, and whether long ago';

CREATE FUNCTION segmentation_internal.starter_lifecycle(source regclass, columns name[], days integer[], OUT objective text, OUT segments text[])
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    kinds text[] := '{date,timestamp without time zone,timestamp with time zone}';
    first text := segmentation_internal.starter_column('lifecycle', source, columns[1], 'when the customer began', kinds);
    last text := segmentation_internal.starter_column('lifecycle', source, columns[2], 'when the customer was active last', kinds);
    since text := format('%I >= ', columns[2]);
BEGIN
    IF NOT (days[2] < days[3] AND days[3] < days[4]) THEN
        PERFORM segmentation_internal.refuse('22023',
            'days of a lifecycle must ascend from active to dormant',
            hint => 'The numbers say how many days a customer is new, active, at risk and dormant, as in ''{30,30,90,180}''.');
    END IF;
    objective := format('where customers are in their life, by %I and %I', columns[1], columns[2]);
    segments := ARRAY[
        ARRAY['new', 'New', format('%I >= %s', columns[1], segmentation_internal.starter_ago(first, days[1]))],
        ARRAY['active', 'Active', since || segmentation_internal.starter_ago(last, days[2])],
        ARRAY['at-risk', 'At risk', since || segmentation_internal.starter_ago(last, days[3])],
        ARRAY['dormant', 'Dormant', since || segmentation_internal.starter_ago(last, days[4])],
        ARRAY['churned', 'Churned', format('%I < %s', columns[2], segmentation_internal.starter_ago(last, days[4]))],
        ARRAY['never-active', 'Never active', format('%I IS NULL', columns[2])]];
END
$$;
COMMENT ON FUNCTION segmentation_internal.starter_lifecycle(regclass, name[], integer[]) IS 'segments by when a customer began and was active last';

-- tiers from the highest down, each from its bound up, which belongs to it on a scale and not among quantiles
CREATE FUNCTION segmentation_internal.starter_tiers(column_name name, currency text, names text[], bounds text[], is_scale boolean) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN (
    WITH tier AS (
        SELECT place, name, segmentation_internal.starter_bound(bound, currency) AS bound
          FROM ROWS FROM (unnest(names), unnest(bounds)) WITH ORDINALITY AS u (name, bound, place)
    ) SELECT array_agg(ARRAY[name, initcap(name COLLATE "C"), format('%I %s %s', column_name, CASE WHEN is_scale THEN '>=' ELSE '>' END, bound)] ORDER BY place DESC)
             || ARRAY['none', 'None', (SELECT format('%I IS NULL OR %1$I %s %s', column_name, CASE WHEN is_scale THEN '<' ELSE '<=' END, bound)
                                         FROM tier WHERE place = 1)]
        FROM tier
);
COMMENT ON FUNCTION segmentation_internal.starter_tiers(name, text, text[], text[], boolean) IS
    'segments by the bounds of tiers, and one for those below all of them';

CREATE FUNCTION segmentation_internal.starter_revenue(source regclass, columns name[], tiers @extschema@.tier_scale, as_of timestamptz, OUT objective text, OUT segments text[])
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    kinds text[] := CASE WHEN tiers IS NULL THEN '{currency_price,integer,numeric,double precision}' ELSE '{currency_price}' END;
    kind text := segmentation_internal.starter_column('revenue', source, columns[1], 'the revenue', kinds);
    is_price boolean := kind = 'currency_price';
    scale text[] := regexp_split_to_array(tiers::text, ',? ');
    currency text := CASE WHEN is_price THEN segmentation_internal.starter_currency(source, columns[1], as_of, scale[cardinality(scale)]) END;
    no_number text := segmentation_internal.starter_no_number(columns[1], kind);
    breaks numeric[];
BEGIN
    IF tiers IS NOT NULL AND currency <> scale[cardinality(scale)] THEN
        PERFORM segmentation_internal.refuse('22023',
            format('column "%s" of %s has prices in %s, and the tiers are in %s', columns[1], source, currency, scale[cardinality(scale)]),
            hint => 'Give tiers in the column''s currency, or make the source a view that converts it, with convert_currency(price, currency).');
    ELSIF scale && '{none,other-currency}' THEN
        PERFORM segmentation_internal.refuse('42710',
            'no tier can be called "none" or "other-currency"',
            detail => 'Starter "revenue" makes segments of these names, for customers below all tiers and for prices in another currency.');
    ELSIF tiers IS NOT NULL THEN
        currency := scale[cardinality(scale)];
        objective := format('revenue by %I on a scale of tiers', columns[1]);
        segments := segmentation_internal.starter_tiers(columns[1], currency,
            ARRAY(SELECT scale[i] FROM generate_series(1, cardinality(scale) - 1, 2) AS i ORDER BY i),
            ARRAY(SELECT scale[i] FROM generate_series(2, cardinality(scale) - 1, 2) AS i ORDER BY i), true);
    ELSE
        breaks := segmentation_internal.starter_breaks(source, format(CASE WHEN is_price THEN 'CASE WHEN @extschema@.sign(%1$I) > 0 THEN @extschema@.amount(%1$I) END'
                                                             ELSE 'CASE WHEN %1$I > 0 THEN %1$I END' END, columns[1]), 3, format('%I above zero', columns[1]), as_of);
        objective := format('revenue by %I, that above zero in thirds', columns[1]);
        segments := segmentation_internal.starter_tiers(columns[1], currency, '{low,mid,high}', ARRAY['0'] || breaks::text[], false);
    END IF;
    IF no_number IS NOT NULL THEN
        segments := ARRAY['unscored', 'Not scored', no_number] || segments;
    END IF;
    IF is_price THEN
        segments := segments || ARRAY['other-currency', 'Other currency', format('currency(%I) <> %L', columns[1], currency)];
    END IF;
END
$$;
COMMENT ON FUNCTION segmentation_internal.starter_revenue(regclass, name[], @extschema@.tier_scale, timestamptz) IS 'segments by the tiers of a scale, or by thirds of the revenue above zero';

CREATE FUNCTION segmentation_internal.starter_rfm(source regclass, columns name[], as_of timestamptz, OUT objective text, OUT segments text[])
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    numbers text[] := '{integer,numeric,double precision}';
    recency text := segmentation_internal.starter_column('rfm', source, columns[1], 'the last order, as a time or as days ago,',
        '{date,timestamp without time zone,timestamp with time zone}' || numbers);
    frequency text := segmentation_internal.starter_column('rfm', source, columns[2], 'the number of orders', numbers);
    monetary text := segmentation_internal.starter_column('rfm', source, columns[3], 'the revenue', '{currency_price}' || numbers);
    is_price boolean := monetary = 'currency_price';
    currency text := CASE WHEN is_price THEN segmentation_internal.starter_currency(source, columns[3], as_of) END;
    is_date boolean := recency <> ALL (numbers);
    day text := quote_ident(columns[1]) || CASE WHEN is_date AND recency <> 'date' THEN '::date' ELSE '' END;
    r numeric[] := segmentation_internal.starter_breaks(source, CASE WHEN is_date THEN format('CASE WHEN isfinite(%1$s) THEN %2$L::date - %1$s END', day, as_of::date) ELSE day END, 5, columns[1], as_of);
    f numeric[] := segmentation_internal.starter_breaks(source, quote_ident(columns[2]), 5, columns[2], as_of);
    m numeric[] := segmentation_internal.starter_breaks(source, format(CASE WHEN is_price THEN '@extschema@.amount(%I)' ELSE '%I' END, columns[3]), 5, columns[3], as_of);
BEGIN
    objective := format('recency, frequency and monetary value in fifths, divided by %I in days at %s; %I at %s; %I at %s',
        columns[1], array_to_string(r, ', '), columns[2], array_to_string(f, ', '), columns[3], array_to_string(m, ', '));
    -- the best recency is the lowest
    SELECT array_agg(ARRAY[s.segment::text, s.title, nullif(concat_ws(' AND ',
               CASE WHEN is_date THEN segmentation_internal.starter_days_between(day, r, 6 - s.recency_to, 6 - s.recency_from)
                    ELSE segmentation_internal.starter_between(day, NULL, r, 6 - s.recency_to, 6 - s.recency_from) END,
               segmentation_internal.starter_between(quote_ident(columns[2]), NULL, f, s.frequency_from, s.frequency_to),
               segmentation_internal.starter_between(quote_ident(columns[3]), currency, m, s.monetary_from, s.monetary_to)), '')] ORDER BY s.rank)
      INTO segments FROM @extschema@.rfm_segments() AS s;
    segments := ARRAY['unscored', 'Not scored', concat_ws(' OR ', format('%I IS NULL OR %I IS NULL OR %I IS NULL', columns[1], columns[2], columns[3]),
                          segmentation_internal.starter_no_number(columns[1], recency), segmentation_internal.starter_no_number(columns[2], frequency),
                          segmentation_internal.starter_no_number(columns[3], monetary))
                      || CASE WHEN is_date THEN format(' OR NOT isfinite(%I)', columns[1]) ELSE '' END
                      || CASE WHEN is_price THEN format(' OR currency(%I) <> %L', columns[3], currency) ELSE '' END] || segments;
END
$$;
COMMENT ON FUNCTION segmentation_internal.starter_rfm(regclass, name[], timestamptz) IS 'the segments of rfm_segments() by quantiles of three columns';

-- numbers of days, where a starter takes them
CREATE FUNCTION segmentation_internal.starter_check_arguments(starter text, tiers @extschema@.tier_scale, days integer[]) RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    expected integer := CASE starter WHEN 'nps' THEN 1 WHEN 'lifecycle' THEN 4 END;
BEGIN
    IF tiers IS NOT NULL AND starter <> 'revenue' THEN
        PERFORM segmentation_internal.refuse('22023',
            'argument "tiers" is for starter "revenue"');
    ELSIF days IS NOT NULL AND expected IS NULL THEN
        PERFORM segmentation_internal.refuse('22023',
            'argument "days" is for starters "nps" and "lifecycle"');
    ELSIF cardinality(days) <> expected OR 0 > ANY (days) OR 36525 < ANY (days) OR array_position(days, NULL) IS NOT NULL THEN
        PERFORM segmentation_internal.refuse('22023',
            format('starter "%s" takes days as a list of %s, none of them negative, null or more than a century (36525)', starter, expected),
            hint => CASE starter WHEN 'nps' THEN 'It says for how many days a score counts, as in ''{365}''.'
                    ELSE 'They say for how many days a customer is new, active, at risk and dormant, as in ''{30,30,90,180}''.' END);
    END IF;
END
$$;
COMMENT ON FUNCTION segmentation_internal.starter_check_arguments(text, @extschema@.tier_scale, integer[]) IS 'an error where a starter is given what it does not take';

-- columns of the primary key, in its order
CREATE FUNCTION segmentation_internal.starter_key(source regclass) RETURNS name[]
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    key name[] := (SELECT array_agg(attname ORDER BY array_position(conkey, attnum))
                     FROM pg_constraint JOIN pg_attribute ON attrelid = conrelid AND attnum = ANY (conkey)
                    WHERE conrelid = source AND contype = 'p');
BEGIN
    IF key IS NULL THEN
        PERFORM segmentation_internal.refuse('42704',
            format('%s has no primary key', source),
            hint => 'Name the columns that identify a customer, as in key => ''{id}''.');
    END IF;
    RETURN key;
END
$$;
COMMENT ON FUNCTION segmentation_internal.starter_key(regclass) IS 'columns of a table''s primary key; an error where it has none';

CREATE FUNCTION segmentation_internal.starter_result(model @extschema@.segment_id, customers bigint)
    RETURNS TABLE (segment @extschema@.segment_id, title text, rule text, members bigint, share numeric)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN QUERY EXECUTE format(
        'SELECT s.id, s.title, s.rule, CASE WHEN $2 IS NOT NULL THEN coalesce(counted.members, 0) END, round(coalesce(counted.members, 0)::numeric / nullif($2, 0), 4)
           FROM segmentation.segment AS s
                LEFT JOIN (SELECT m.segment, count(*) AS members FROM %s AS a, unnest(a.segments) AS m (segment) GROUP BY 1) AS counted
                       ON counted.segment OPERATOR(@extschema@.=) s.id
          WHERE s.model OPERATOR(@extschema@.=) $1 ORDER BY s.rank',
        (SELECT m.assignment::regclass FROM segmentation.model AS m WHERE m.id OPERATOR(@extschema@.=) starter_result.model)) USING model, customers;
END
$$;
COMMENT ON FUNCTION segmentation_internal.starter_result(@extschema@.segment_id, bigint) IS 'segments of a model by rank, with their members if the number of customers is given';

CREATE FUNCTION segmentation.create_model_from(starter text, source regclass,
    column_1 name DEFAULT NULL, column_2 name DEFAULT NULL, column_3 name DEFAULT NULL,
    key name[] DEFAULT NULL, name text DEFAULT NULL, tiers @extschema@.tier_scale DEFAULT NULL, days integer[] DEFAULT NULL,
    as_of timestamptz DEFAULT NULL, refresh boolean DEFAULT true,
    time_zone text DEFAULT pg_catalog.current_setting('TimeZone'), schema name DEFAULT pg_catalog.current_schema(), prefix name DEFAULT NULL)
    RETURNS TABLE (segment @extschema@.segment_id, title text, rule text, members bigint, share numeric)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET TimeZone = 'UTC' SET row_security = off AS $$
#variable_conflict use_column
DECLARE
    columns name[] := segmentation_internal.starter_columns(starter, ARRAY[column_1, column_2, column_3]);
    id text := coalesce(name, starter);
    moment timestamptz := coalesce(as_of, now());
    made record;
    definition text[];
    rank integer := 0;
BEGIN
    IF source IS NULL THEN
        PERFORM segmentation_internal.refuse('22004',
            'argument "source" must not be null');
    END IF;
    PERFORM segmentation_internal.starter_check_arguments(starter, tiers, days), set_config('TimeZone', segmentation_internal.known_time_zone(time_zone), true);
    PERFORM segmentation_internal.starter_check_source(starter, source, columns, ARRAY[column_1, column_2, column_3], key);
    made := CASE starter
        WHEN 'nps' THEN segmentation_internal.starter_nps(source, columns, days, moment)
        WHEN 'revenue' THEN segmentation_internal.starter_revenue(source, columns, tiers, moment)
        WHEN 'lifecycle' THEN segmentation_internal.starter_lifecycle(source, columns, coalesce(days, '{30,30,90,180}'))
        ELSE segmentation_internal.starter_rfm(source, columns, moment) END;
    PERFORM segmentation.create_model(id, source, coalesce(key, segmentation_internal.starter_key(source)), 'exclusive', time_zone, schema, prefix,
        format('%s; by starter %s as of %s', made.objective, starter, to_char(moment, 'YYYY-MM-DD HH24:MI TZ')));
    FOREACH definition SLICE 1 IN ARRAY made.segments LOOP
        rank := rank + 10;
        PERFORM segmentation.define_segment(id, definition[1], definition[3], definition[2], rank, false);
    END LOOP;
    RETURN QUERY SELECT * FROM segmentation_internal.starter_result(id::@extschema@.segment_id, CASE WHEN refresh THEN (segmentation.refresh(id, as_of)).rows_read END);
END
$$;
COMMENT ON FUNCTION segmentation.create_model_from(text, regclass, name, name, name, name[], text, @extschema@.tier_scale, integer[], timestamptz, boolean, text, name, name) IS
    'a model in one call: segments by NPS, revenue, lifecycle or RFM, from columns of the source';
