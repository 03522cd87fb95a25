"""What Meta refuses in a message: pure functions over parsed JSON that raise GraphError."""
