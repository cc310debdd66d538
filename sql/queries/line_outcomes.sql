-- How the runs of some lines ended in a span of time, by target, outcome and cause.
-- {lines:Array(String)} {probes:Array(String)} (all that measured them; none: any) {start:DateTime64(3)} {end:DateTime64(3)}
SELECT line, metric, family, target, outcome, stage, code, count() AS runs, max(received) AS newest
FROM measurement FINAL
WHERE (empty({probes:Array(String)}) OR probe IN {probes:Array(String)})
    AND line IN {lines:Array(String)} AND start >= {start:DateTime64(3)} AND start < {end:DateTime64(3)}
GROUP BY line, metric, family, target, outcome, stage, code
ORDER BY line, metric, family, target, outcome, stage, code
