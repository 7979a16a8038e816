"""Documents: where they are kept, of which types, and which nobody has claimed."""
