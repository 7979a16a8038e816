"""The pages that record a step."""
