"""Statistics: tables, charts, spreadsheets."""
