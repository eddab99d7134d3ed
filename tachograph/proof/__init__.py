"""How a record proves what it was: canonical JSON, the chain of seals, signed heads kept outside the database.

Pure functions and two small files (the signing key, the heads); no SQL, no knowledge of what the rows mean. Everything
here is documented byte by byte in docs/ledger.md, so that somebody else's program can check it.
"""
