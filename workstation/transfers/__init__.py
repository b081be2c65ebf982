"""Transfers: what is arriving, how fast, what did not come and why; paused, continued and given up from here."""
