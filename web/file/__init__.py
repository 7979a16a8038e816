"""The pages of one file."""
