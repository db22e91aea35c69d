"""Loopback ports."""

import socket

V4 = "127.0.0.1"
V6 = "::1"


def free_port():
    """A port that is free on both loopback addresses."""
    while True:
        with socket.socket(socket.AF_INET) as four, socket.socket(socket.AF_INET6) as six:
            four.bind((V4, 0))
            port = four.getsockname()[1]
            try:
                six.bind((V6, port))
            except OSError:
                continue
            return port


def listening(host, port):
    """Whether somebody accepts connections there."""
    try:
        socket.create_connection((host, port), timeout=1).close()
    except OSError:
        return False
    return True


def listening_unix(path):
    """Whether somebody accepts connections on a socket file."""
    with socket.socket(socket.AF_UNIX) as s:
        try:
            s.connect(str(path))
        except OSError:
            return False
    return True
