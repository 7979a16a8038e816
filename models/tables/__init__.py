"""The register's tables. Only the register and its migrations import them."""
