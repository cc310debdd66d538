-- How many live at a place, the latest year first; of several counts of a year the one imported last, which
-- may be of residents in one import and of households in another: no null hides a count.
-- {place:String}
SELECT
    counted.asOf AS asOf,
    argMax(counted.residents, (counted.updated, counted.import)) AS residents,
    argMax(counted.households, (counted.updated, counted.import)) AS households,
    argMax(counted.source, (counted.updated, counted.import)) AS source,
    argMax(counted.import, (counted.updated, counted.import)) AS import
FROM place_statistic AS counted
WHERE counted.code = {place:String} AND counted.import IN (SELECT import FROM import)
GROUP BY counted.asOf
ORDER BY asOf DESC
