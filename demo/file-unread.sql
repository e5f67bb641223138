-- All that was not read, beside OUTPUT.
\i demo/settings.sql
COPY (SELECT line, key, "column", value, reason FROM unread ORDER BY line, "column") TO STDOUT (FORMAT csv, HEADER);
