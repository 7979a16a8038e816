"""What it costs: each module here measures one thing and prints a small table. ``python -m bench core`` runs one."""
