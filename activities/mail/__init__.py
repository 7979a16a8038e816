"""Letters as mail: what they say, to whom, and how they are handed to the mail server."""
