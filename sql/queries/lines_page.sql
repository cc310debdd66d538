-- A page of the lines registered at any time from one day to another, each as it last stood, by name.
-- {first:Date} {last:Date} {within:String} (prefix of codes) {carrier:String} ('' for all) {after:String} {limit:UInt32}
SELECT line, place, carrier, technology, subscribedDownBps, subscribedUpBps
FROM
(
    SELECT * FROM line_version
    WHERE line > {after:String} AND validFrom <= {last:Date} AND {first:Date} <= validTo
    ORDER BY line, validFrom DESC
    LIMIT 1 BY line
)
WHERE startsWith(place, {within:String}) AND ({carrier:String} = '' OR carrier = {carrier:String})
ORDER BY line
LIMIT {limit:UInt32}
