"""One case before reading: the question, the records, what is missing, and whether its images may be opened."""
