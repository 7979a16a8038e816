"""Accounts, sessions, and what belongs to one person."""
