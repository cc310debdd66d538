-- Versions of places that count: those of noted imports, and those older than imports (''); of several
-- that begin on one day the latest. Whoever asks for places asks this and not the table.
CREATE OR REPLACE VIEW place_version AS
SELECT
    code, name, level, parent, kind, validFrom, validTo, source, updated, import, ending, successors,
    outside, note, lat, lon, givenLat, givenLon, crs
FROM place
WHERE import = '' OR import IN (SELECT import FROM import)
ORDER BY code, validFrom, updated DESC, import DESC
LIMIT 1 BY code, validFrom
