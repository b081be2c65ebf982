"""Cases and hospitals: what is assigned, fetched, kept encrypted, signed and sent. No Qt, no pixels."""
