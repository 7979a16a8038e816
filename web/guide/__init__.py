"""The guide, and the text of the rules."""
