-- Every version of a place, the oldest first.
-- {place:String} ('' for every place)
SELECT
    code, name, level, parent, kind, validFrom, validTo, source, import, ending, successors, outside, outsideFor, note,
    lat, lon, givenLat, givenLon, crs
FROM place_version
WHERE {place:String} = '' OR code = {place:String}
ORDER BY code, validFrom
