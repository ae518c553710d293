"""Starts and ends the real programs around a collector: Ray, MinIO. For `make run` and for the tests."""
