-- The line of a probe, also of one that may report no more.
-- {probe:String}
SELECT line FROM probe FINAL WHERE probe = {probe:String}
