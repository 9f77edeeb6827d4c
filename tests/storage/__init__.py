"""Object storage on this computer, for tests."""
