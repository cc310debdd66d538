-- Every token issued for filings, revoked ones too, with its hash.
SELECT carrier, tokenSha256, issued, revoked
FROM filing_token FINAL
ORDER BY carrier, issued, tokenSha256
