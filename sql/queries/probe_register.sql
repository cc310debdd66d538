-- Every probe and its line, also those that may report no more.
SELECT probe, line, revoked
FROM probe_binding
ORDER BY probe
