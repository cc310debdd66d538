-- How many places of a source the store holds that were stored before imports were noted.
-- {source:String}
SELECT uniqExact(code) AS places
FROM place
WHERE source = {source:String} AND import = ''
