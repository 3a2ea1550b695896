"""The workspace environment, policy checks and test runner; in no image."""
