"""PyTorch models: loading them safely, feeding them raw rows, reading their outputs, training them.

Importing this package imports no torch; its modules do (but `blackbox`, `frames`, `importing` and `scores`, which serve
models of any make, and `masks`).
"""
