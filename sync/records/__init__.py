"""What a case consists of, as frozen dataclasses. Standard library only; no format, no database, no network."""
