"""Files as the register has them: entries, timelines, archives, references, deliveries of letters."""
