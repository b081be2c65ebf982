"""Big files of cases, encrypted, by digest. No database and no network here."""
