"""What is asked across all files: lists, figures and reports."""
