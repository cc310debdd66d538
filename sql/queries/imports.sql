-- What was brought in, latest first.
-- {kind:String} empty for every kind, {limit:UInt32}
SELECT import, kind, file, sha256, sizeB, rows, by, note, at
FROM import FINAL
WHERE {kind:String} = '' OR kind = {kind:String}
ORDER BY at DESC, import DESC
LIMIT {limit:UInt32}
