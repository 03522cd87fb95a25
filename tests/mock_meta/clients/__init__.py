"""Public client libraries that nobody here wrote, against the mock over their normal code paths."""
