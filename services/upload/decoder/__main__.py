"""Starts the decoder: `python -m services.upload.decoder <descriptor of its control socket>`."""

import socket
import sys

from services.upload.decoder.warm_parent import serve

if __name__ == "__main__":
    with socket.socket(fileno=int(sys.argv[1])) as control_socket:
        serve(control_socket)
