-- The result, for OUTPUT.
\i demo/settings.sql
COPY (SELECT key, rows, amount(revenue) AS amount, currency(revenue) AS currency, tier, class AS nps_class
      FROM customers ORDER BY key COLLATE "C") TO STDOUT (FORMAT csv, HEADER);
