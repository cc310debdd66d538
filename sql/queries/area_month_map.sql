-- What a month's maps are made of, down to the counties: every target, every carrier ('' for all).
-- {month:String} {run:UInt64} (the one that counts)
SELECT target, carrier, level, area, observed, registered, passed, placesObserved, value, low, high, newest
FROM area_month
WHERE month = {month:String} AND run = {run:UInt64} AND level IN ('province', 'city', 'county')
ORDER BY target, carrier, area
