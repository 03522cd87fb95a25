"""The benchmark of mock_meta: ``nox -s bench_mock``, or ``python -m mock_meta.bench``.

Servers run on one core; the load and the sink for webhooks, in this process, on another. mock_meta and its rival take turns,
because other work on the machine changes what a second is worth; ratios are medians of the pairs. Where the core is shared, sends
a second tell how busy the neighbours were: what is judged is sends for a second of CPU, which on a core of one's own is the same.

``--rival URL`` takes the turns of a mock that already listens: the URL of its sends, on a core that you gave it. It is judged by
sends a second. Its webhooks belong at ``--rival-sink PORT`` of this machine.
"""
