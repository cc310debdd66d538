-- Imports of a file by its bytes, latest first.
-- {kind:String} {sha256:String}
SELECT import, `by`, note
FROM import FINAL
WHERE kind = {kind:String} AND sha256 = {sha256:String}
ORDER BY at DESC, import DESC
