-- Where a line is or was.
-- {line:String}
SELECT DISTINCT place FROM line_version WHERE line = {line:String}
