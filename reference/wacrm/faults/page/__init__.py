"""PAGE: lists."""
