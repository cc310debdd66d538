-- How many places the store holds, of whatever date.
SELECT count() AS places
FROM place
