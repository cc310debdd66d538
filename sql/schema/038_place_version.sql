-- The view of versions that count, with for which carriers a place is served from outside.
CREATE OR REPLACE VIEW place_version AS
SELECT
    code, name, level, parent, kind, validFrom, validTo, source, updated, import, ending, successors,
    outside, outsideFor, note, lat, lon, givenLat, givenLon, crs
FROM place
WHERE import = '' OR import IN (SELECT import FROM import)
ORDER BY code, validFrom, updated DESC, import DESC
LIMIT 1 BY code, validFrom
