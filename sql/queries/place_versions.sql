-- Every version of a place, the oldest first.
-- {code:String} ('' for every place)
SELECT
    code, name, level, parent, kind, validFrom, validTo, source, import, ending, successors, outside, note,
    lat, lon, givenLat, givenLon, crs
FROM place_version
WHERE {code:String} = '' OR code = {code:String}
ORDER BY code, validFrom
