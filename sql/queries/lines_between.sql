-- Lines registered at any time from one day to another, each as it last stood.
-- {first:Date} {last:Date}
SELECT line, place, carrier, technology, subscribedDownBps, subscribedUpBps
FROM line_version
WHERE validFrom <= {last:Date} AND {first:Date} <= validTo
ORDER BY line, validFrom DESC
LIMIT 1 BY line
