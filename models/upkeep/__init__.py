"""Steps that belong to no section of the framework."""
