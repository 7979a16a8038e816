"""The pure core: from a file's record and its rulebook to everything else. No I/O and no clock of its own."""
