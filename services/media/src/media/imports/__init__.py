"""Product imports: from the bytes of a CSV file to rows, bad rows with reasons, and a report.

Pure: bytes come in by iterators that are passed in, and nothing is kept but checkpoints.
"""
