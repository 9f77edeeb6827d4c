"""What can be told from the activity."""
