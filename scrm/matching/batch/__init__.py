"""Matching everything at once on DuckDB: optional, `pip install -r requirements-batch.txt`."""
