-- segment_id: a readable code of 1 to 24 characters in 16 bytes

CREATE TYPE segment_id;

CREATE FUNCTION segment_id_in(cstring) RETURNS segment_id
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION segment_id_in(cstring) IS 'I/O';

CREATE FUNCTION segment_id_out(segment_id) RETURNS cstring
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION segment_id_out(segment_id) IS 'I/O';

CREATE FUNCTION segment_id_recv(internal) RETURNS segment_id
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION segment_id_recv(internal) IS 'I/O';

CREATE FUNCTION segment_id_send(segment_id) RETURNS bytea
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION segment_id_send(segment_id) IS 'I/O';

CREATE TYPE segment_id (
    INPUT = segment_id_in,
    OUTPUT = segment_id_out,
    RECEIVE = segment_id_recv,
    SEND = segment_id_send,
    INTERNALLENGTH = 16,
    ALIGNMENT = char,
    STORAGE = plain
);
COMMENT ON TYPE segment_id IS
    'readable code of 1 to 24 characters a-z 0-9 - _ ., first and last a letter or digit; stored in 16 bytes';
