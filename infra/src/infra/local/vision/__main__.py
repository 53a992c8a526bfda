"""`python -m vision PORT MARK S3_PORT`: serve until stopped."""

import logging
import sys

from .loopback import LOOPBACK, stay_here
from .objects import Store
from .server import Server

# This folder was only on the path so that `-m` finds the package.
sys.path.pop(0)
sys.addaudithook(stay_here)
logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
# SIGTERM keeps its default: it ends the process at once, whatever the model does.
Server(int(sys.argv[1]), sys.argv[2], Store(LOOPBACK, int(sys.argv[3]))).serve_forever()
