-- What a line was, version by version.
-- {line:String}
SELECT line, place, carrier, technology, validFrom, validTo
FROM line_version
WHERE line = {line:String}
ORDER BY validFrom
