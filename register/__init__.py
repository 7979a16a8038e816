"""The register: the database of files, people and documents, on SQLite or PostgreSQL."""
