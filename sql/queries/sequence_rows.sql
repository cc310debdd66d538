-- The measurements there are of one probe under one sequence: more than one is a conflict.
-- {probe:String} {sequence:UInt64}
SELECT metric, start FROM measurement FINAL
WHERE probe = {probe:String} AND sequence = {sequence:UInt64}
ORDER BY metric, start
