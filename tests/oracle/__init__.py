"""A second opinion: every figure recounted in plain Python from the raw records.

Written from the definitions of the metrics, not from the SQL; loops and dictionaries only, so that it can be read.
It knows nothing of the warehouse, but shares `contracts` for who is who (user keys).
"""
