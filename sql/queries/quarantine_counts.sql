-- How many rows are in quarantine, by reason and probe, and how many of them were released.
SELECT
    code, probe, count() AS rows,
    countIf(releasedAt != toDateTime64(0, 6, 'UTC')) AS released,
    min(received) AS first, max(received) AS last
FROM (SELECT code, probe, sha256, received FROM quarantine FINAL) AS entry
GLOBAL LEFT JOIN
(
    SELECT code, probe, sha256, max(at) AS releasedAt FROM quarantine_log FINAL
    GROUP BY code, probe, sha256
) AS released USING (code, probe, sha256)
GROUP BY code, probe
ORDER BY rows DESC, code, probe
