"""HTTP as octets on a socket: for requests that no client library would send."""

import json
import socket
import ssl


class Answer:
    def __init__(self, head, body):
        lines = head.decode("latin-1").split("\r\n")
        self.version, status, *_ = lines[0].split(" ", 2)
        self.status = int(status)
        self.headers = {}
        for line in lines[1:]:
            name, value = line.split(":", 1)
            self.headers.setdefault(name.lower(), []).append(value.strip())
        self.body = body

    def header(self, name):
        values = self.headers.get(name.lower(), [])
        assert len(values) <= 1, (name, values)
        return values[0] if values else None

    def json(self):
        return json.loads(self.body)


class Wire:
    """One connection; reads answers one after the other."""

    def __init__(self, server, tls=None):
        self.socket = socket.create_connection(("127.0.0.1", server.port if tls else server.plain_port), timeout=20)
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_hostname="localhost")
        self.buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, octets):
        """Sends what the peer still takes; it may have refused and closed already."""
        try:
            self.socket.sendall(octets)
        except (BrokenPipeError, ConnectionResetError):
            pass
        return self

    def end(self):
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        return self

    def more(self):
        try:
            got = self.socket.recv(65536)
        except (ConnectionResetError, ssl.SSLEOFError):
            got = b""
        self.buffer += got
        return bool(got)

    def answer(self):
        """The next answer, or None when the peer closed instead."""
        while b"\r\n\r\n" not in self.buffer:
            if not self.more():
                assert self.buffer == b"", self.buffer
                return None
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        answer = Answer(head, b"")
        if answer.status in (100, 204, 304):
            return answer
        size = answer.header("content-length")
        assert size is not None, "the tests here ask for answers of stated length only"
        while len(self.buffer) < int(size):
            assert self.more(), "the answer is cut"
        answer.body, self.buffer = self.buffer[: int(size)], self.buffer[int(size):]
        return answer

    def closed(self):
        """True when the peer closes without another octet."""
        return self.buffer == b"" and not self.more()


def request(method, target, key=None, headers=(), body=None):
    """The octets of a well-formed request."""
    lines = [f"{method} {target} HTTP/1.1", "Host: localhost"]
    if key:
        lines.append(f"X-Api-Key: {key}")
    if body is not None:
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, *headers, "", ""]).encode() + (body or b"")


def exchange(server, octets):
    """Sends and gives the only answer (None: closed without one); any further answer fails."""
    with Wire(server) as wire:
        wire.send(octets).end()
        answer = wire.answer()
        assert wire.closed(), wire.buffer
        return answer
