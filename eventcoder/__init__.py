"""Codes who did what to whom in Arabic, Persian and English news."""

__version__ = "0.1.0"
