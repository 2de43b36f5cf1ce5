# SPDX-License-Identifier: Apache-2.0
"""What servers of the tests do to those who ask them."""

import socket
import struct


def cut(handler):
    """The connection of a request to an http.server is reset: it is not even closed."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.close_connection = True
    handler.connection.close()
