-- A page of quarantined rows, latest received first, after the row (afterReceived, afterProbe,
-- afterSha256); to begin, ask after 2200-01-01, '', ''. An empty filter lets everything through.
-- {afterReceived:DateTime64(6)} {afterProbe:String} {afterSha256:String}
-- {code:String} {probe:String} {text:String} (in the original or the reason) {limit:UInt32}
SELECT
    code, probe, CAST(sha256, 'String') AS sha256, sequence, line, reason,
    toValidUTF8(substring(original, 1, 500)) AS head, length(original) AS sizeB,
    source, received,
    nullIf(releasedAt, toDateTime64(0, 6, 'UTC')) AS released
FROM
(
    SELECT * FROM quarantine FINAL
    WHERE ({code:String} = '' OR code = {code:String})
        AND ({probe:String} = '' OR probe = {probe:String})
        AND ({text:String} = '' OR positionCaseInsensitiveUTF8(original, {text:String}) > 0
            OR positionCaseInsensitiveUTF8(reason, {text:String}) > 0)
        AND received <= {afterReceived:DateTime64(6)}
        AND (received, probe, CAST(sha256, 'String')) < ({afterReceived:DateTime64(6)}, {afterProbe:String}, {afterSha256:String})
    ORDER BY received DESC, probe DESC, sha256 DESC
    LIMIT {limit:UInt32}
) AS entry
GLOBAL LEFT JOIN
(
    SELECT code, probe, sha256, max(at) AS releasedAt FROM quarantine_log FINAL
    GROUP BY code, probe, sha256
) AS released USING (code, probe, sha256)
ORDER BY received DESC, probe DESC, sha256 DESC
