#!/usr/bin/env python3
"""A speech service without TCP_NODELAY, on real sockets, to see the 40 ms that it costs.

    delayed_ack.py PORT [--nodelay]

A vocoder makes a frame of 20 ms of sound every 14 ms. The service in front of it asks for what is ready,
again and again over one connection that is kept alive, and streams it to its listener. The vocoder writes
an answer's head and its body one after the other, as many servers do. Nothing answers the head, so its
acknowledgement waits 40 ms (delayed ACK); until it comes, Nagle's algorithm holds back the body, because
TCP_NODELAY is not set. With --nodelay the vocoder sets it, and nothing else changes.
"""
import math
import socket
import struct
import sys
import threading
import time

PORT = int(sys.argv[1])
NODELAY = "--nodelay" in sys.argv
RATE = 24_000
FRAME = 480
FRAMES = 150
MAKING = 0.014


def frame(number):
    samples = range(number * FRAME, (number + 1) * FRAME)
    return b"".join(struct.pack("<h", int(9000 * math.sin(i * 2 * math.pi * 220 / RATE))) for i in samples)


SOUND = b"".join(frame(number) for number in range(FRAMES))


def read_request(file):
    """Whether there is another one; none of them has a body that matters."""
    length = 0
    if not file.readline():
        return False
    while (line := file.readline()).strip():
        if line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    file.read(length)
    return True


def vocoder(connection):
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, NODELAY)
    file = connection.makefile("rb")
    begin = time.monotonic()
    sent = 0
    while read_request(file):
        # At least one frame is ready, or none is left.
        due = begin + (sent + 1) * MAKING
        time.sleep(max(0, due - time.monotonic()))
        ready = min(FRAMES, int((time.monotonic() - begin) / MAKING))
        body = SOUND[sent * FRAME * 2 : ready * FRAME * 2]
        sent = ready
        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(body))
        connection.sendall(body)


def service(connection, vocoder_address):
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    file = connection.makefile("rb")
    while read_request(file):
        head = b"HTTP/1.1 200 OK\r\ncontent-type: audio/pcm;rate=%d\r\ntransfer-encoding: chunked\r\n\r\n"
        connection.sendall(head % RATE)
        upstream = socket.create_connection(vocoder_address)
        upstream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        answers = upstream.makefile("rb")
        left = len(SOUND)
        while left:
            upstream.sendall(b"GET /frames HTTP/1.1\r\nhost: vocoder\r\n\r\n")
            length = 0
            while (line := answers.readline()).strip():
                if line.startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            body = answers.read(length)
            connection.sendall(b"%x\r\n%b\r\n" % (length, body))
            left -= length
        upstream.close()
        connection.sendall(b"0\r\n\r\n")


def listen(port, serve):
    listener = socket.create_server(("127.0.0.1", port))

    def accept():
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    threading.Thread(target=accept).start()
    return listener.getsockname()


inner = listen(0, vocoder)
print("speech at http://%s:%d" % listen(PORT, lambda it: service(it, inner)), flush=True)
