-- from conditions to segments: the program that a compiled SELECT carries

-- flags: what is true and what is null
SELECT segmentation_internal.flags(true, false, NULL::boolean, true);
SELECT segmentation_internal.flags(NULL);
SELECT segmentation_internal.flags(i = 1, i = 2, i = NULL) FROM generate_series(1, 3) i;
SELECT segmentation_internal.flags(VARIADIC ARRAY[true]);
SELECT segmentation_internal.flags(true, 1);
SELECT to_hex(segmentation_internal.flags(true, n, true, n, true, n, true, n, true, n, true, n, true, n, true, n,
    true, n, true, n, true, n, true, n, true, n, true, n, true, n, true, n)) FROM (VALUES (NULL::boolean)) v (n);
SELECT segmentation_internal.flags(true, true, true, true, true, true, true, true, true, true, true, true, true, true, true, true, true,
    true, true, true, true, true, true, true, true, true, true, true, true, true, true, true, true);

-- one condition, one segment: members are sorted, unknown is no member
SELECT segmentation_internal.segments_of('{zeta = 1,alpha = 2,mid = 3}', ARRAY[segmentation_internal.flags(a, b, c)])
FROM (VALUES (true, true, true), (true, NULL, false), (false, true, NULL), (false, false, false)) v (a, b, c);
SELECT segmentation_internal.segments_of('{}', '{}');
-- two segments of the same condition, and conditions in any word of the flags
SELECT segmentation_internal.segments_of('{a = 1,b = 1,c = 33,d = 64}', ARRAY[1, 1::bigint << 31]);
SELECT segmentation_internal.segments_of('{a = 1,b = 1,c = 33,d = 64}', ARRAY[0, 1::bigint]);
-- many segments
SELECT segmentation_internal.segments_of(array_agg(format('s%s = %s', i, i) ORDER BY i),
    ARRAY[1, 0, 1, 0, 1::bigint << 31, 0]) FROM generate_series(1, 192) i;

-- the value of a program's last line, unknown included
CREATE FUNCTION pg_temp.outcome_of(program text[], flags bigint[]) RETURNS boolean LANGUAGE sql AS $$
    SELECT CASE WHEN 't' = ANY (s) THEN true WHEN 'f' = ANY (s) THEN false END
    FROM split_part(program[cardinality(program)], ' = ', 2) line,
        segmentation_internal.segments_of(trim_array(program, 1) || ARRAY['t = ' || line, 'f = ' || line || ' not'], flags) s
$$;
-- every operator over every pair of values
SELECT a, b, pg_temp.outcome_of('{x = 1 2 and}', f) AS "and", a AND b AS "AND",
    pg_temp.outcome_of('{x = 1 2 or}', f) AS "or", a OR b AS "OR"
FROM (VALUES (true), (false), (NULL)) v (a), (VALUES (true), (false), (NULL)) w (b),
    LATERAL (SELECT ARRAY[segmentation_internal.flags(a, b)]) x (f);
SELECT a, pg_temp.outcome_of('{x = 1}', f) AS x, pg_temp.outcome_of('{x = 1 not}', f) AS "not",
    pg_temp.outcome_of('{x = 1 is_true}', f) AS is_true, pg_temp.outcome_of('{x = 1 is_not_true}', f) AS is_not_true,
    pg_temp.outcome_of('{x = 1 is_false}', f) AS is_false, pg_temp.outcome_of('{x = 1 is_not_false}', f) AS is_not_false,
    pg_temp.outcome_of('{x = 1 is_unknown}', f) AS is_unknown, pg_temp.outcome_of('{x = 1 is_not_unknown}', f) AS is_not_unknown
FROM (VALUES (true), (false), (NULL)) v (a), LATERAL (SELECT ARRAY[segmentation_internal.flags(a)]) x (f);
SELECT pg_temp.outcome_of('{x = true}', '{}') AS t, pg_temp.outcome_of('{x = false}', '{}') AS f,
    pg_temp.outcome_of('{x = null}', '{}') AS n;

-- a segment asked for by another is true or false, never unknown
SELECT a, segmentation_internal.segments_of('{in = 1,out = /in not,model/other = 1,not-other = model/other not}', ARRAY[segmentation_internal.flags(a)])
FROM (VALUES (true), (false), (NULL)) v (a);
SELECT a, pg_temp.outcome_of('{in = 1,out = /in}', ARRAY[segmentation_internal.flags(a)]) FROM (VALUES (true), (NULL)) v (a);
-- names that look like something else
SELECT segmentation_internal.segments_of('{1 = false,2 = /1 not,and = /2,true = /and not}', '{}');

-- an exclusive model: the register "/" says that a segment was given
SELECT a, b, segmentation_internal.segments_of('{/ = false,first = 1 / not and,/ = / /first or,second = 2 / not and,/ = / /second or,rest = / not}', ARRAY[segmentation_internal.flags(a, b)])
FROM (VALUES (true), (false), (NULL)) v (a), (VALUES (true), (false), (NULL)) w (b);

-- a program that differs from row to row
SELECT p, segmentation_internal.segments_of(ARRAY[p], ARRAY[1]) FROM (VALUES ('a = 1'), ('b = 1'), ('b = 1'), ('a = 1 not'), ('long-name = true')) v (p);

-- what is no program
SELECT segmentation_internal.segments_of(NULL, '{}');
SELECT segmentation_internal.segments_of('{a = 1}', NULL);
SELECT segmentation_internal.segments_of('{NULL}', '{}');
SELECT segmentation_internal.segments_of('{a = 1}', '{}');
SELECT segmentation_internal.segments_of('{a = 33}', '{1}');
SELECT segmentation_internal.segments_of('{a = 1}', '{NULL}');
SELECT segmentation_internal.segments_of('{a}', '{1}');
SELECT segmentation_internal.segments_of('{"a = "}', '{1}');
SELECT segmentation_internal.segments_of('{a = 1 1}', '{1}');
SELECT segmentation_internal.segments_of('{a = 1 and}', '{1}');
SELECT segmentation_internal.segments_of('{a = 0}', '{1}');
SELECT segmentation_internal.segments_of('{a = 1x}', '{1}');
SELECT segmentation_internal.segments_of('{a = -1}', '{1}');
SELECT segmentation_internal.segments_of('{a = /b,b = 1}', '{1}');
SELECT segmentation_internal.segments_of('{a = m/b}', '{1}');
SELECT segmentation_internal.segments_of('{a = 1,a = 1}', '{1}');
SELECT segmentation_internal.segments_of('{-a = 1}', '{1}');
SELECT segmentation_internal.segments_of('{aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa = 1}', '{1}');
