"""The embedded Wacrm: a small, correct implementation of the documented `/api/v1` contract.

It is the default target of the harness, and the body that `faults` breaks in one named way at a time.
"""
