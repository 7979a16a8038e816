"""Forms: fields of a step, how they are shown, read and checked."""
