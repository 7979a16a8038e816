"""The pages that open a file."""
