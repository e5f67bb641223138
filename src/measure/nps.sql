CREATE FUNCTION nps_tally_accum(nps_tally, score smallint) RETURNS nps_tally
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'nps_tally_accum_int2';
COMMENT ON FUNCTION nps_tally_accum(nps_tally, smallint) IS 'aggregate transition function';

CREATE FUNCTION nps_tally_discard(nps_tally, score smallint) RETURNS nps_tally
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'nps_tally_discard_int2';
COMMENT ON FUNCTION nps_tally_discard(nps_tally, smallint) IS 'aggregate inverse transition function';

CREATE FUNCTION nps_tally_accum(nps_tally, score integer) RETURNS nps_tally
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'nps_tally_accum_int4';
COMMENT ON FUNCTION nps_tally_accum(nps_tally, integer) IS 'aggregate transition function';

CREATE FUNCTION nps_tally_discard(nps_tally, score integer) RETURNS nps_tally
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'nps_tally_discard_int4';
COMMENT ON FUNCTION nps_tally_discard(nps_tally, integer) IS 'aggregate inverse transition function';

CREATE FUNCTION nps_tally_accum(nps_tally, score bigint) RETURNS nps_tally
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'nps_tally_accum_int8';
COMMENT ON FUNCTION nps_tally_accum(nps_tally, bigint) IS 'aggregate transition function';

CREATE FUNCTION nps_tally_discard(nps_tally, score bigint) RETURNS nps_tally
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'nps_tally_discard_int8';
COMMENT ON FUNCTION nps_tally_discard(nps_tally, bigint) IS 'aggregate inverse transition function';

CREATE FUNCTION nps_tally_accum(nps_tally, score numeric) RETURNS nps_tally
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'nps_tally_accum_numeric';
COMMENT ON FUNCTION nps_tally_accum(nps_tally, numeric) IS 'aggregate transition function';

CREATE FUNCTION nps_tally_discard(nps_tally, score numeric) RETURNS nps_tally
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'nps_tally_discard_numeric';
COMMENT ON FUNCTION nps_tally_discard(nps_tally, numeric) IS 'aggregate inverse transition function';

CREATE AGGREGATE nps(score smallint) (
    SFUNC = nps_tally_accum, STYPE = nps_tally, INITCOND = '0/0/0',
    FINALFUNC = nps,
    COMBINEFUNC = nps_tally_add, PARALLEL = SAFE,
    MSFUNC = nps_tally_accum, MINVFUNC = nps_tally_discard, MSTYPE = nps_tally, MINITCOND = '0/0/0',
    MFINALFUNC = nps
);
COMMENT ON AGGREGATE nps(smallint) IS 'Net Promoter Score, -100 to 100';

CREATE AGGREGATE nps(score integer) (
    SFUNC = nps_tally_accum, STYPE = nps_tally, INITCOND = '0/0/0',
    FINALFUNC = nps,
    COMBINEFUNC = nps_tally_add, PARALLEL = SAFE,
    MSFUNC = nps_tally_accum, MINVFUNC = nps_tally_discard, MSTYPE = nps_tally, MINITCOND = '0/0/0',
    MFINALFUNC = nps
);
COMMENT ON AGGREGATE nps(integer) IS 'Net Promoter Score, -100 to 100';

CREATE AGGREGATE nps(score bigint) (
    SFUNC = nps_tally_accum, STYPE = nps_tally, INITCOND = '0/0/0',
    FINALFUNC = nps,
    COMBINEFUNC = nps_tally_add, PARALLEL = SAFE,
    MSFUNC = nps_tally_accum, MINVFUNC = nps_tally_discard, MSTYPE = nps_tally, MINITCOND = '0/0/0',
    MFINALFUNC = nps
);
COMMENT ON AGGREGATE nps(bigint) IS 'Net Promoter Score, -100 to 100';

CREATE AGGREGATE nps(score numeric) (
    SFUNC = nps_tally_accum, STYPE = nps_tally, INITCOND = '0/0/0',
    FINALFUNC = nps,
    COMBINEFUNC = nps_tally_add, PARALLEL = SAFE,
    MSFUNC = nps_tally_accum, MINVFUNC = nps_tally_discard, MSTYPE = nps_tally, MINITCOND = '0/0/0',
    MFINALFUNC = nps
);
COMMENT ON AGGREGATE nps(numeric) IS 'Net Promoter Score, -100 to 100';

CREATE AGGREGATE nps_tally(score smallint) (
    SFUNC = nps_tally_accum, STYPE = nps_tally, INITCOND = '0/0/0',
    COMBINEFUNC = nps_tally_add, PARALLEL = SAFE,
    MSFUNC = nps_tally_accum, MINVFUNC = nps_tally_discard, MSTYPE = nps_tally, MINITCOND = '0/0/0'
);
COMMENT ON AGGREGATE nps_tally(smallint) IS 'numbers of promoters, passives and detractors';

CREATE AGGREGATE nps_tally(score integer) (
    SFUNC = nps_tally_accum, STYPE = nps_tally, INITCOND = '0/0/0',
    COMBINEFUNC = nps_tally_add, PARALLEL = SAFE,
    MSFUNC = nps_tally_accum, MINVFUNC = nps_tally_discard, MSTYPE = nps_tally, MINITCOND = '0/0/0'
);
COMMENT ON AGGREGATE nps_tally(integer) IS 'numbers of promoters, passives and detractors';

CREATE AGGREGATE nps_tally(score bigint) (
    SFUNC = nps_tally_accum, STYPE = nps_tally, INITCOND = '0/0/0',
    COMBINEFUNC = nps_tally_add, PARALLEL = SAFE,
    MSFUNC = nps_tally_accum, MINVFUNC = nps_tally_discard, MSTYPE = nps_tally, MINITCOND = '0/0/0'
);
COMMENT ON AGGREGATE nps_tally(bigint) IS 'numbers of promoters, passives and detractors';

CREATE AGGREGATE nps_tally(score numeric) (
    SFUNC = nps_tally_accum, STYPE = nps_tally, INITCOND = '0/0/0',
    COMBINEFUNC = nps_tally_add, PARALLEL = SAFE,
    MSFUNC = nps_tally_accum, MINVFUNC = nps_tally_discard, MSTYPE = nps_tally, MINITCOND = '0/0/0'
);
COMMENT ON AGGREGATE nps_tally(numeric) IS 'numbers of promoters, passives and detractors';

CREATE AGGREGATE nps_rollup(tally nps_tally) (
    SFUNC = nps_tally_add, STYPE = nps_tally, INITCOND = '0/0/0',
    COMBINEFUNC = nps_tally_add, PARALLEL = SAFE,
    MSFUNC = nps_tally_add, MINVFUNC = nps_tally_subtract, MSTYPE = nps_tally, MINITCOND = '0/0/0'
);
COMMENT ON AGGREGATE nps_rollup(nps_tally) IS 'sum of tallies';
