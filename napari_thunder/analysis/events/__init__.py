"""What follows events, over trials."""
