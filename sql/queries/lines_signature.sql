-- Changes whenever a line comes, goes or changes: figures of a month count the lines there are.
SELECT concat(toString(count()), ' ', toString(sum(cityHash64(line, place, carrier, technology, validFrom, validTo)))) AS signature
FROM line FINAL
