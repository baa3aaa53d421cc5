"""Market data at rest: the Parquet store, folders of dumps, import, validation.

Law: a reader never sees half a file, and what it returns has been proven sound or the error names the file.
"""
