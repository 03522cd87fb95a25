"""Load tests: Locust drives, three records are joined at the end, promises are judged."""
