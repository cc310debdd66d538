-- Samples by probe and sequence, of measurements that began in a span; both inclusive. Of a path, hop by hop.
-- {probes:Array(String)} {sequences:Array(UInt64)} {start:DateTime64(3)} {end:DateTime64(3)}
SELECT probe, sequence, start, metric, samples, hops
FROM sample FINAL
WHERE start BETWEEN {start:DateTime64(3)} AND {end:DateTime64(3)}
    AND probe IN {probes:Array(String)} AND sequence IN {sequences:Array(UInt64)}
ORDER BY probe, sequence, start, metric
