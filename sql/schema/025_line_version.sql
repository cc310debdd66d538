-- Versions of lines that count: those of noted imports, and those stored one by one (''); of several
-- that begin on one day the latest.
CREATE OR REPLACE VIEW line_version AS
SELECT
    line, place, carrier, technology, subscribedDownBps, subscribedUpBps, validFrom, validTo, updated,
    import, opticalNode, onu
FROM line
WHERE import = '' OR import IN (SELECT import FROM import)
ORDER BY line, validFrom, updated DESC, import DESC
LIMIT 1 BY line, validFrom
