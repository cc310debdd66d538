-- title.zh: 网间往返时延
-- title.en: Round-trip time between carriers
-- method:   inter-carrier-round-trip-time/1
-- kind:     median
-- subject:  line
-- unit:     ms
-- source:   三(六)3 促进互联互通; RFC 2681; whose an address is by the address library (三(八)5)
--
-- As `round-trip-time`, of runs at addresses of another carrier than the line's: the entry of the library
-- that covers the address most closely on that day names it. An address no entry covers, one whose closest
-- entry names no carrier, or whose closest entries name several, is nobody's, and such a run none.
--
-- {start:DateTime64(3)} {end:DateTime64(3)} {minimumRuns:UInt32} {minimumDays:UInt32}
SELECT
    looked.line AS subject,
    argMax(looked.place, looked.start) AS place,
    argMax(looked.carrier, looked.start) AS carrier,
    quantileExactInclusive(0.5)(looked.rttMs) AS value,
    false AS passed,
    count() AS runs,
    uniqExact(looked.day) AS days,
    max(looked.received) AS newest
FROM
(
    SELECT
        line, place, carrier, address, start, received,
        toDate(start, 'Asia/Shanghai') AS day,
        assumeNotNull(rttMedianMs) AS rttMs
    FROM metric_icmp_rtt
    WHERE family = 4 AND rttMedianMs IS NOT NULL AND empty(conflicts)
        AND start >= {start:DateTime64(3)} AND start < {end:DateTime64(3)}
        AND line NOT IN (SELECT line FROM own_line)
) AS looked
INNER JOIN
(
    -- Whose each measured address was on each day it was measured.
    SELECT
        seen.address AS address, seen.day AS day,
        arrayFilter(entry -> entry.3 <= seen.day AND seen.day <= entry.4, covered.entries) AS covering,
        arrayReverseSort(entry -> entry.1, covering)[1].1 AS closest,
        arrayDistinct(arrayMap(entry -> entry.2, arrayFilter(entry -> entry.1 = closest, covering))) AS holders
    FROM
    (
        SELECT DISTINCT address, toDate(start, 'Asia/Shanghai') AS day
        FROM measurement
        WHERE metric = 'icmp-rtt' AND family = 4
            AND start >= {start:DateTime64(3)} AND start < {end:DateTime64(3)}
    ) AS seen
    INNER JOIN
    (
        -- Of each address, the entries that cover it: one look-up for each length a prefix may have.
        SELECT measured.address AS address, groupArray((entry.bits, toString(entry.carrier), entry.validFrom, entry.validTo)) AS entries
        FROM
        (
            SELECT address, toUInt8(arrayJoin(range(96, 129))) AS bits, IPv6CIDRToRange(address, bits).1 AS network
            FROM
            (
                SELECT DISTINCT address
                FROM measurement
                WHERE metric = 'icmp-rtt' AND family = 4
                    AND start >= {start:DateTime64(3)} AND start < {end:DateTime64(3)}
            )
        ) AS measured
        INNER JOIN library_prefix_version AS entry ON entry.network = measured.network AND entry.bits = measured.bits
        GROUP BY address
    ) AS covered ON covered.address = seen.address
    WHERE length(holders) = 1
) AS held ON held.address = looked.address AND held.day = looked.day
WHERE held.holders[1] NOT IN ('', looked.carrier)
GROUP BY looked.line
HAVING runs >= {minimumRuns:UInt32}
    AND days >= {minimumDays:UInt32}
ORDER BY subject
