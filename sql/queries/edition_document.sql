-- One sealed monthly report.
-- {month:String} {edition:UInt32}
SELECT month, edition, sealed, sha256, document
FROM edition FINAL
WHERE month = {month:String} AND edition = {edition:UInt32}
