-- Where the names registered at any time from one day to another are, each as it last stood.
-- {first:Date} {last:Date}
SELECT area AS place
FROM
(
    SELECT name, area, validFrom, import FROM library_service FINAL
    WHERE import IN (SELECT import FROM import FINAL) AND validFrom <= {last:Date} AND {first:Date} <= validTo
    ORDER BY name, validFrom DESC, import DESC
    LIMIT 1 BY name
)
ORDER BY place
