"""Pages and probes for those who operate the system."""
