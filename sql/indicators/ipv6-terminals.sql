-- title.zh: 终端 IPv6 支持率
-- title.en: Terminals that support IPv6
-- method:   ipv6-terminals/1
-- kind:     quotient
-- subject:  area
-- unit:     1
-- base:     own
-- source:   三(六)2
--
-- Of the terminals a carrier files, those it files as supporting IPv6. No probe sees a terminal.
--
-- {month:String} {imports:Array(String)}
SELECT area, carrier, row, assumeNotNull(ipv6Terminals) AS amount, assumeNotNull(terminals) AS base
FROM filing_area FINAL
WHERE month = {month:String} AND import IN {imports:Array(String)}
    AND ipv6Terminals IS NOT NULL AND terminals > 0
ORDER BY area, carrier
