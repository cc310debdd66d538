-- Registered names that count, each to the day it really ends: of one name and first day the latest
-- noted import's, ending where it says or the day before the next version begins. `hosts` are the names
-- a measurement may ask for it by: its own and that of its home page.
CREATE OR REPLACE VIEW library_service_version AS
SELECT
    name, arrayDistinct([name, domain(url)]) AS hosts,
    original, holder, kind, level, area, url, families, lines, validFrom,
    ifNull(least(validTo, next - 1), validTo) AS validTo,
    source, import
FROM
(
    SELECT
        *,
        leadInFrame(toNullable(validFrom)) OVER (PARTITION BY name ORDER BY validFrom ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS next
    FROM
    (
        SELECT name, original, holder, kind, level, area, url, families, lines, validFrom, validTo, source, import
        FROM library_service FINAL
        WHERE import IN (SELECT import FROM import)
        ORDER BY name, validFrom, import DESC
        LIMIT 1 BY name, validFrom
    )
)
