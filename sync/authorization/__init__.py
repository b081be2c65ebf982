"""Signing in at a hospital: SMART App Launch 2.2, standalone, public client, through the system's browser."""
