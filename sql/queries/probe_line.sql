-- The line of a probe, also of one that may report no more.
-- {probe:String}
SELECT line FROM probe_binding WHERE probe = {probe:String}
