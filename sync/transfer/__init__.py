"""Bringing a case's records here: what first, resumed after a break, and only what passes the door."""
