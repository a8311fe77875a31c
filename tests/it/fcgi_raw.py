#!/usr/bin/python3
# tests/it/fcgi_raw.py -- speaks FastCGI to a unix socket byte by byte, right or wrong.
#
# fcgi_raw.py SOCKET KEY WORD...; each word is one step on one connection:
#   good[:METHOD:PATH]  a whole request with the key, GET /health when not said
#   begin[:role=R,flags=F,id=I,version=V]   BEGIN_REQUEST; id and version stay for what follows
#   request:METHOD:PATH[?QUERY]   pairs REQUEST_METHOD, SCRIPT_NAME, QUERY_STRING
#   pair:NAME=VALUE   key[:HEX]   many:N   one more pair, a token, N pairs of 20 bytes
#   params   params-end           the pairs so far as PARAMS records; the empty one
#   stdin:TEXT   stdin-zeros:N   stdin-end
#   record:TYPE[:HEX]   hex:HEX   any record with our id; bytes as they are
#   read[:SECONDS]                prints an answer and how it ended: [end], [closed], [silent]
#   slow-read:BYTES:SECONDS       the same, a few bytes at a time; prints its length
#   pace:BYTES:SECONDS            from here on send in such pieces
#   sleep:S   half-close   reconnect
#   crowd:N[:HEX]                 N more connections, each sent HEX, held until the end
import socket
import struct
import sys
import time

BEGIN, ABORT, END, PARAMS, STDIN, STDOUT = 1, 2, 3, 4, 5, 6


def record(kind, body=b"", rid=1, version=1):
    return struct.pack(">BBHHBB", version, kind, rid, len(body), 0, 0) + body


def length(n):
    return struct.pack(">B", n) if n < 128 else struct.pack(">I", n | 0x80000000)


class Client:
    def __init__(self, path, key):
        self.path, self.key = path, key
        self.crowd = []
        self.pace = None
        self.reconnect()

    def reconnect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(20)
        self.sock.connect(self.path)
        self.rid, self.version, self.pairs = 1, 1, bytearray()

    def send(self, data):
        step, pause = self.pace or (len(data) or 1, 0)
        try:
            for at in range(0, len(data), step):
                self.sock.sendall(data[at : at + step])
                time.sleep(pause)
        except (BrokenPipeError, ConnectionResetError):
            pass  # refused before it was all sent: reading tells

    def record(self, kind, body=b""):
        self.send(record(kind, body, self.rid, self.version))

    def begin(self, words=""):
        opt = dict(w.split("=") for w in words.split(",") if w)
        self.rid = int(opt.get("id", 1))
        self.version = int(opt.get("version", 1))
        self.pairs = bytearray()
        self.record(BEGIN, struct.pack(">HB5x", int(opt.get("role", 1)), int(opt.get("flags", 0))))

    def pair(self, name, value):
        name, value = name.encode(), value.encode("utf-8", "surrogateescape")
        self.pairs += length(len(name)) + length(len(value)) + name + value

    def request(self, method, path):
        path, _, query = path.partition("?")
        self.pair("REQUEST_METHOD", method)
        self.pair("SCRIPT_NAME", path)
        self.pair("QUERY_STRING", query)

    def params(self):
        for at in range(0, len(self.pairs), 65535):
            self.record(PARAMS, self.pairs[at : at + 65535])
        self.pairs = bytearray()

    def good(self, method="GET", path="/health"):
        self.begin()
        self.request(method, path)
        self.pair("HTTP_ACCESS_TOKEN", self.key)
        self.params()
        self.record(PARAMS)
        self.record(STDIN)

    def take(self, n, step=None, pause=0):
        data = bytearray()
        while len(data) < n:
            piece = self.sock.recv(min(n - len(data), step or 65536))
            if not piece:
                raise EOFError
            data += piece
            time.sleep(pause)
        return data

    def read(self, seconds=20, step=None, pause=0):
        self.sock.settimeout(seconds)
        out, how = bytearray(), "end"
        try:
            while True:
                _, kind, _, n, pad, _ = struct.unpack(">BBHHBB", self.take(8))
                body = self.take(n + pad, step, pause)[:n]
                if kind == STDOUT:
                    out += body
                if kind == END:
                    break
        except (EOFError, ConnectionResetError):
            how = "closed"
        except socket.timeout:
            how = "silent"
        if step:
            print("Length: %d" % (len(out) - out.find(b"\r\n\r\n") - 4))
        else:
            sys.stdout.write(out.decode("utf-8", "replace").replace("\r", ""))
        print("\n[%s]" % how, flush=True)

    def gather(self, count, data=b""):
        for _ in range(count):
            s = socket.socket(socket.AF_UNIX)
            s.settimeout(1)
            s.connect(self.path)
            s.sendall(data)
            self.crowd.append(s)

    def do(self, word):
        verb, _, arg = word.partition(":")
        if verb == "good":
            self.good(*(arg.split(":", 1) if arg else ()))
        elif verb == "begin":
            self.begin(arg)
        elif verb == "request":
            self.request(*arg.split(":", 1))
        elif verb == "pair":
            self.pair(*arg.split("=", 1))
        elif verb == "key":
            self.pair("HTTP_ACCESS_TOKEN", arg or self.key)
        elif verb == "many":
            for i in range(int(arg)):
                self.pair("HTTP_X%07d" % i, "12345678")
        elif verb == "params":
            self.params()
        elif verb == "params-end":
            self.record(PARAMS)
        elif verb == "stdin":
            self.record(STDIN, arg.encode())
        elif verb == "stdin-zeros":
            for at in range(0, int(arg), 65535):
                self.record(STDIN, bytes(min(65535, int(arg) - at)))
        elif verb == "stdin-end":
            self.record(STDIN)
        elif verb == "record":
            kind, _, body = arg.partition(":")
            self.record(int(kind), bytes.fromhex(body))
        elif verb == "hex":
            self.send(bytes.fromhex(arg))
        elif verb == "read":
            self.read(float(arg or 20))
        elif verb == "slow-read":
            step, pause = arg.split(":")
            self.read(20, int(step), float(pause))
        elif verb == "pace":
            step, pause = arg.split(":")
            self.pace = int(step), float(pause)
        elif verb == "sleep":
            time.sleep(float(arg))
        elif verb == "half-close":
            self.sock.shutdown(socket.SHUT_WR)
        elif verb == "reconnect":
            self.sock.close()
            self.reconnect()
        elif verb == "crowd":
            count, _, data = arg.partition(":")
            self.gather(int(count), bytes.fromhex(data))
        else:
            sys.exit("unknown word " + word)


client = Client(sys.argv[1], sys.argv[2])
for arg in sys.argv[3:]:
    client.do(arg)
