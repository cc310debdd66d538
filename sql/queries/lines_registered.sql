-- How many lines were registered at any time from one day to another, the station's own left out.
-- {first:Date} {last:Date}
SELECT uniqExact(line) AS lines
FROM line_version
WHERE validFrom <= {last:Date} AND {first:Date} <= validTo AND technology != 'loopback'
