"""The page behind a letter's link, on which somebody without an account replies."""
