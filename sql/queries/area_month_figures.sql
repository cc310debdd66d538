-- What a month's figures of the places of one level at or below an area are made of.
-- {month:String} {run:UInt64} (the one that counts) {target:String} {carrier:String} ('' for all) {level:String} {within:String} (prefix of codes)
SELECT area, observed, registered, passed, placesObserved, value, low, high, newest
FROM area_month
WHERE month = {month:String}
    AND run = {run:UInt64}
    AND target = {target:String} AND carrier = {carrier:String}
    AND level = {level:String} AND startsWith(area, {within:String})
ORDER BY area
