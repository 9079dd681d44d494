"""Invented networks over real HTTP on loopback, for the demo, the tests, the benchmarks and training.

The sandbox imports nothing of the product: the fakes are built from the networks' own specifications,
never from what our connectors send, so that a connector's misunderstanding shows.
"""
