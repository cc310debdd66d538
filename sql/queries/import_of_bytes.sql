-- Imports of a file by its bytes, latest first.
-- {kind:String} {bytesSha256:String}
SELECT import, `by`, note
FROM import FINAL
WHERE kind = {kind:String} AND sha256 = {bytesSha256:String}
ORDER BY at DESC, import DESC
