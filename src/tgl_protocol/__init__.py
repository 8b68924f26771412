"""The wire contract between `tgl` and the server: values and their rules, without I/O."""

__version__ = "0.1.0"
