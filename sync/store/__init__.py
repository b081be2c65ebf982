"""The encrypted database of one profile. SQLAlchemy lives here only, and loads on opening."""
