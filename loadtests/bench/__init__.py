"""`nox -s bench_load`: how fast the generator is, beside Locust's own users, and whether its figures are right."""
