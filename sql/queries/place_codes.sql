-- Codes that a version of some place has or once had.
SELECT DISTINCT code
FROM place_version
ORDER BY code
