"""The collector and the History Server on each S3 server that can be had here (scripts/live/s3_servers.py)."""
