"""Starts and ends the real programs around a collector: Ray, MinIO, an emulator of Google Cloud Storage. For `make run` and for the tests."""
