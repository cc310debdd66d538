-- Where a line is or was.
-- {line:String}
SELECT DISTINCT place FROM line FINAL WHERE line = {line:String}
