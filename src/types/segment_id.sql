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

-- Casts.  From strings implicitly, so that a parameter that a driver declares
-- as varchar is compared as a segment id, by its index and folded like any
-- other input.  To strings on assignment only: a comparison as text would not
-- fold, and no index would serve it.

CREATE FUNCTION segment_id(text) RETURNS segment_id
    AS 'MODULE_PATHNAME', 'segment_id_from_text'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION segment_id(text) IS 'the segment id that a text spells';

CREATE FUNCTION segment_id(character) RETURNS segment_id
    AS 'MODULE_PATHNAME', 'segment_id_from_bpchar'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION segment_id(character) IS
    'the segment id that a char(n) spells, without the blanks that fill it up';

CREATE FUNCTION text(segment_id) RETURNS text
    AS 'MODULE_PATHNAME', 'segment_id_to_text'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION text(segment_id) IS 'a segment id as text';

CREATE CAST (text AS segment_id) WITH FUNCTION segment_id(text) AS IMPLICIT;
CREATE CAST (varchar AS segment_id) WITH FUNCTION segment_id(text) AS IMPLICIT;
CREATE CAST (character AS segment_id) WITH FUNCTION segment_id(character) AS IMPLICIT;
CREATE CAST (segment_id AS text) WITH FUNCTION text(segment_id) AS ASSIGNMENT;
CREATE CAST (segment_id AS varchar) WITH FUNCTION text(segment_id) AS ASSIGNMENT;
COMMENT ON CAST (text AS segment_id) IS 'reads the id, as input does';
COMMENT ON CAST (varchar AS segment_id) IS 'reads the id, as input does';
COMMENT ON CAST (character AS segment_id) IS 'reads the id, without filling blanks';
COMMENT ON CAST (segment_id AS text) IS 'spells the id, as output does';
COMMENT ON CAST (segment_id AS varchar) IS 'spells the id, as output does';
