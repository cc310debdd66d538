-- Every version of every line, whole, the oldest first.
SELECT line, place, carrier, technology, subscribedDownBps, subscribedUpBps, opticalNode, onu, validFrom, validTo
FROM line_version
ORDER BY line, validFrom
