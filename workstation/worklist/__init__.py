"""The worklist: which cases there are, how urgent, how much of each is here."""
