"""The reader of source code of torch."""
