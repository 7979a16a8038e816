"""What runs the system: settings, logs, the one way to Temporal, and the servers embedded on one machine."""
