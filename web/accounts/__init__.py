"""Accounts, signing in, and one's own account."""
