-- Entries of the address library that count, each to the day it really ends: of one prefix, holder and
-- first day the latest noted import's, ending where it says or the day before the next version begins.
-- `network` and `bits` are of IPv6 for both families: 58.240.0.0/16 is ::ffff:58.240.0.0/112.
CREATE OR REPLACE VIEW library_prefix_version AS
SELECT
    prefix,
    toIPv6(splitByChar('/', prefix)[1]) AS network,
    toUInt8(toUInt8(splitByChar('/', prefix)[2]) + if(position(prefix, ':') = 0, 96, 0)) AS bits,
    holder, carrier, area, purpose, partOf, validFrom,
    ifNull(least(validTo, next - 1), validTo) AS validTo,
    source, import
FROM
(
    SELECT
        *,
        leadInFrame(toNullable(validFrom)) OVER (PARTITION BY prefix, holder ORDER BY validFrom ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS next
    FROM
    (
        SELECT prefix, holder, carrier, area, purpose, partOf, validFrom, validTo, source, import
        FROM library_prefix FINAL
        WHERE import IN (SELECT import FROM import)
        ORDER BY prefix, holder, validFrom, import DESC
        LIMIT 1 BY prefix, holder, validFrom
    )
)
