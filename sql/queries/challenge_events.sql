-- What was said in the challenges of a month's standings, first said first; empty: of every month, of every one.
-- {month:String} {challenge:String}
SELECT
    month, challenge, event, at, kind, party, by, entered, text, target, place, carrier,
    probes, sequences, starts, files, CAST(fileSha256s, 'Array(String)') AS fileSha256s, fileSizesB,
    replyDays, decisionDays, sets, setsAside,
    standing, method, minimumRuns, minimumDays, atLeast, filing, row, reached, technology, opticalNode,
    linesPassed, linesFailed
FROM challenge_event FINAL
WHERE ({month:String} = '' OR month = {month:String})
    AND ({challenge:String} = '' OR challenge = {challenge:String})
ORDER BY at, event
