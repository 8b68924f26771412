"""The entry point of `python -m tgl_server`."""

from tgl_server.cli import main

main()
