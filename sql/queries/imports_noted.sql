-- How many imports of some kinds are noted: it grows whenever one comes to count.
-- {kinds:Array(String)}
SELECT uniqExact(import) AS imports
FROM import
WHERE has({kinds:Array(String)}, kind)
