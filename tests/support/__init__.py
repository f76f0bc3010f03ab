"""Helpers of the tests: the command line, waiting, and Delta tables as plain rows."""
