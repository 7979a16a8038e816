"""Whole cases played in virtual time, from a scenario."""
