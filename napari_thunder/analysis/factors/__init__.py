"""Few patterns in space and time that make up much of the activity."""
