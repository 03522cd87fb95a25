"""What every server process of the project shares: options, a listening socket, the announcement, and the end.

A server process reads its options, listens, says where in one JSON line on stdout, and ends with a signal or with its
standard input. It ends with status 0, or with 2 and one sentence on stderr for options that cannot be used.
"""
