"""What touches the world: mail, the register, the calendar, documents."""
