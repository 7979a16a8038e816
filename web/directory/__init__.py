"""The directory's pages: organisations, people, roles."""
