"""The benchmark of mock_meta: ``nox -s bench_mock``, or ``python -m mock_meta.bench``.

Servers run on one core; the load and the sink for webhooks, in this process, on another. Sends of a run are alternated between
mock_meta and its rival, because other work on the machine changes what a second is worth; ratios are the medians of pairs.
"""
