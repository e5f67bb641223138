CREATE TYPE nps_tally;

CREATE FUNCTION nps_tally_in(cstring) RETURNS nps_tally
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION nps_tally_in(cstring) IS 'I/O';

CREATE FUNCTION nps_tally_out(nps_tally) RETURNS cstring
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION nps_tally_out(nps_tally) IS 'I/O';

CREATE FUNCTION nps_tally_recv(internal) RETURNS nps_tally
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION nps_tally_recv(internal) IS 'I/O';

CREATE FUNCTION nps_tally_send(nps_tally) RETURNS bytea
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION nps_tally_send(nps_tally) IS 'I/O';

CREATE TYPE nps_tally (
    INPUT = nps_tally_in,
    OUTPUT = nps_tally_out,
    RECEIVE = nps_tally_recv,
    SEND = nps_tally_send,
    INTERNALLENGTH = 16,
    ALIGNMENT = int4
);
COMMENT ON TYPE nps_tally IS 'numbers of promoters, passives and detractors, as 291/476/395';

CREATE FUNCTION nps_tally(promoters bigint, passives bigint, detractors bigint) RETURNS nps_tally
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'nps_tally_from_counts';
COMMENT ON FUNCTION nps_tally(bigint, bigint, bigint) IS 'tally of known numbers of promoters, passives and detractors';

CREATE FUNCTION nps_promoters(tally nps_tally) RETURNS bigint
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'nps_tally_promoters';
COMMENT ON FUNCTION nps_promoters(nps_tally) IS 'number of promoters in a tally';

CREATE FUNCTION nps_passives(tally nps_tally) RETURNS bigint
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'nps_tally_passives';
COMMENT ON FUNCTION nps_passives(nps_tally) IS 'number of passives in a tally';

CREATE FUNCTION nps_detractors(tally nps_tally) RETURNS bigint
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'nps_tally_detractors';
COMMENT ON FUNCTION nps_detractors(nps_tally) IS 'number of detractors in a tally';

CREATE FUNCTION nps_responses(tally nps_tally) RETURNS bigint
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'nps_tally_responses';
COMMENT ON FUNCTION nps_responses(nps_tally) IS 'number of responses in a tally';

CREATE FUNCTION nps(tally nps_tally) RETURNS numeric
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'nps_tally_nps';
COMMENT ON FUNCTION nps(nps_tally) IS 'Net Promoter Score of a tally, -100 to 100';

CREATE FUNCTION nps_margin(tally nps_tally, confidence double precision DEFAULT 0.95) RETURNS numeric
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'nps_tally_margin';
COMMENT ON FUNCTION nps_margin(nps_tally, double precision) IS 'margin of error of a tally''s Net Promoter Score, in its points, to either side';

CREATE FUNCTION nps_tally_add(nps_tally, nps_tally) RETURNS nps_tally
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION nps_tally_add(nps_tally, nps_tally) IS 'implementation of + operator, and of aggregates';

CREATE FUNCTION nps_tally_subtract(nps_tally, nps_tally) RETURNS nps_tally
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION nps_tally_subtract(nps_tally, nps_tally) IS 'implementation of - operator, and of aggregates';

CREATE OPERATOR + (
    LEFTARG = nps_tally, RIGHTARG = nps_tally, FUNCTION = nps_tally_add,
    COMMUTATOR = +
);
COMMENT ON OPERATOR + (nps_tally, nps_tally) IS 'responses of both tallies';

CREATE OPERATOR - (
    LEFTARG = nps_tally, RIGHTARG = nps_tally, FUNCTION = nps_tally_subtract
);
COMMENT ON OPERATOR - (nps_tally, nps_tally) IS 'responses of the first tally without those of the second';
