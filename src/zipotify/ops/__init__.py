"""What puts the stages together: running all parts, watching them, and accounting for every event."""
