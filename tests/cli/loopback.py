# SPDX-License-Identifier: Apache-2.0
"""What servers of the tests do to those who ask them."""

import http.server
import json
import socket
import struct
import threading


class JsonHandler(http.server.BaseHTTPRequestHandler):
    """Answers in JSON and logs nothing. A derived class has serve(), for every method."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body, headers=()):
        data = json.dumps(body).encode()
        self.send_response_only(status)
        for name, value in dict(headers).items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        self.serve()

    do_POST = do_PUT = do_DELETE = do_GET


class Loopback:
    """A server in this process, a thread for each connection, until stop()."""

    def listen(self, handler):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.server.daemon_threads = True
        self.endpoint = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


def cut(handler):
    """The connection of a request to an http.server is reset: it is not even closed."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.close_connection = True
    handler.connection.close()
