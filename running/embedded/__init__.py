"""What `make run` starts beside the worker: Temporal, and a mail server that keeps what it gets."""
