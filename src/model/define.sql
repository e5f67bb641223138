-- making, changing and dropping models and their segments

CREATE FUNCTION segmentation.create_model(name text, source regclass, key name[], kind text DEFAULT 'overlapping',
    time_zone text DEFAULT pg_catalog.current_setting('TimeZone'), schema name DEFAULT pg_catalog.current_schema(),
    prefix name DEFAULT NULL, objective text DEFAULT NULL, segment_column name DEFAULT NULL) RETURNS void
    LANGUAGE c AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION segmentation.create_model(text, regclass, name[], text, text, name, name, text, name) IS
    'makes a model of the customers in a table or view, with its own tables, views and function in a schema of yours';
