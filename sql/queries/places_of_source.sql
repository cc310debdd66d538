-- How many places of a source the store holds: by that source's own import, noted or not, and older
-- than imports ('').
-- {source:String}
SELECT import, uniqExact(code) AS places
FROM place
WHERE source = {source:String} AND import IN ('', {source:String})
GROUP BY import
ORDER BY import
