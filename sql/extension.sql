-- the extension refuses the schema that it makes itself, and installs into any other
\set VERBOSITY default
\set SHOW_CONTEXT never
DROP EXTENSION segmentation;
CREATE SCHEMA segmentation;
CREATE EXTENSION segmentation SCHEMA segmentation;
DROP SCHEMA segmentation;
CREATE SCHEMA "Our Types";
CREATE EXTENSION segmentation SCHEMA "Our Types";
DROP EXTENSION segmentation;
DROP SCHEMA "Our Types";
CREATE EXTENSION segmentation;
