"""Pages across files: work, actions, letters, publications, the calendar."""
