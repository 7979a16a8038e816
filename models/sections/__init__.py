"""The framework, section by section: a module holds its steps, their checks and effects, and its duties."""
