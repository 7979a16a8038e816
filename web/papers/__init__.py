"""A file's papers: what they say, and the forms they come in."""
