"""The durable shell: an incident's workflow. It owns no rule."""
