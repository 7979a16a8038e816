"""The command line: each command, and what they share."""
