"""`python -m payments PORT MARK`: serve until stopped."""

import logging
import sys

from .server import Server

# This folder was only on the path so that `-m` finds the package.
sys.path.pop(0)
logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
# SIGTERM keeps its default: it ends the process at once, whatever is being answered.
Server(int(sys.argv[1]), sys.argv[2]).serve_forever()
