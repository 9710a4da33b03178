"""Streams of HTTP/1 messages, good and mutated by the tricks that make parsers disagree about where one ends. All from
one seed."""
import random

METHODS = [b"GET", b"POST", b"POST", b"PUT", b"DELETE", b"PATCH", b"HEAD", b"OPTIONS", b"M-SEARCH"]
ODD_METHODS = [b"get", b"FOO", b"CONNECT", b"TRACE", b"P OST", b"G\x00T", b"GET\t", b" GET"]
TARGETS = [b"/", b"/v1/orders", b"/v1/orders?a=1&b=%20", b"/a%2Fb;x=1", b"/?q=[1]|{2}^"]
ODD_TARGETS = [b"*", b"v1", b"http://gate.example/x", b"http://gate.example:80/x?y", b"https://gate.example", b"http://other/x",
               b"/a b", b"/a\tb", b"/\xe3\x81\x82", b"/..", b"/%2e%2e/x", b"/%zz", b"/a#b", b"//x", b"gate.example:443", b"/\x7f", b""]
VERSIONS = [b"HTTP/1.1"] * 12 + [b"HTTP/1.0"]
ODD_VERSIONS = [b"HTTP/1.2", b"HTTP/2.0", b"http/1.1", b"HTTP/1.1 ", b"HTTP/1.10", b"HTTP/01.1", b"HTTP/1.1\t", b"HTP/1.1", b"", b"HTTP/0.9"]
HEADERS = [(b"Accept", b"*/*"), (b"X-Api-Key", b"k-1"), (b"User-Agent", b"a/1 (b; c)"), (b"Accept-Language", b"ja, en;q=0.5"),
           (b"Content-Type", b"application/json"), (b"Idempotency-Key", b"k-2"), (b"X-Empty", b""), (b"Cookie", b"a=b; c=\"d\""),
           (b"X-Text", b"caf\xe9 \xe5\x8f\xb7"), (b"X-Tab", b"a\tb"), (b"Connection", b"keep-alive"), (b"Connection", b"X-Hop"),
           (b"Upgrade", b"h2c"), (b"Expect", b"100-continue"), (b"Trailer", b"X-T")]
ODD_HEADERS = [(b"Connection", b"close"), (b"Connection", b"upgrade"), (b"Connection", b"Host"), (b"Host", b"other"), (b"Expect", b"x"),
               (b"X Y", b"1"), (b"X\x00Y", b"1"), (b"", b"1"), (b"X:Y", b"1"), (b"X-Nul", b"a\x00b"), (b"X-Del", b"a\x7fb"),
               (b"X-Bell", b"a\x07b"), (b"X(Y)", b"1"), (b"\xe9", b"1"), (b"Authorization", b"a"), (b"X-Vt", b"a\x0bb")]
LENGTHS = [b"+%d", b"0%d", b"%d,%d", b"%d, %d", b"%d ", b" %d", b"0x%x", b"%d;", b"-%d", b"%d.0", b"\t%d", b"%d\x0b", b"'%d'", b"%de0",
           b"\xef\xbc\x91%d", b"%d_", b"99999999999999999999%d", b"%d\x00"]
CODINGS = [b"Chunked", b"CHUNKED", b"chunked ", b" chunked", b"\tchunked", b"chunked, chunked", b"gzip, chunked", b"chunked, gzip", b"identity",
           b"chunked;q=1", b"xchunked", b"chunke", b"\x0bchunked", b"chunked\x0b", b"\"chunked\"", b"chunked,", b",chunked", b"chunked\x00", b"",
           b"chunk\xc5\xbfed", b"identity, chunked"]
SIZES = [b"0%x", b"%X", b"0x%x", b" %x", b"%x ", b"%x\t", b"+%x", b"-%x", b"%x;a=b", b"%x;a=\"b;c\"", b"%x;a b", b"%x;", b"%x ;a", b"%x;a\r",
         b"%x;\n", b"%x\n", b"00000000000000000%x", b"1%x", b"%x;\xe9", b"%xg", b"%x,%x", b"FFFFFFFFFFFFFFFF%x", b"%x;a\x00", b"%x.0"]
NAMES = {b"Content-Length": [b"content-length", b"Content-Length ", b"Content_Length", b"Content-Length\t", b" Content-Length", b"Content-Length\x00",
                             b"\x0bContent-Length", b"X\nContent-Length", b"Content-length\r"],
         b"Transfer-Encoding": [b"transfer-encoding", b"Transfer-Encoding ", b"Transfer_Encoding", b" Transfer-Encoding", b"Transfer-Encoding\x0b",
                                b"TRANSFER-ENCODING", b"X: y\nTransfer-Encoding", b"Transfer-Encoding\r\n"]}
ENDS = [b"\n", b"\r", b"\r\r\n", b"\r\n ", b"\r\n\t", b"\n\r", b" \r\n", b"\t\r\n", b"\x0b\r\n", b"\x00\r\n", b"\x85\r\n"]
MORSELS = [b"\r\n", b"\n", b"\r", b"\r\n\r\n", b"0\r\n\r\n", b" ", b"\t", b":", b";", b"\x00", b"\xff", b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
           b"Content-Length: 5\r\n", b"Transfer-Encoding: chunked\r\n", b"Host: a\r\n"]
STATUSES = [b"200 OK", b"201 Created", b"404 Not Found", b"503 Service Unavailable", b"204 No Content", b"304 Not Modified", b"200 ", b"299 caf\xe9"]
ODD_STATUSES = [b"200", b"20 OK", b"2000 OK", b"+20 OK", b"101 Switching Protocols", b"099 X", b"700 X", b"200\tOK", b"200 O\x00K", b"abc OK"]


class Messages:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def some(self, chance):
        return self.random.random() < chance

    def of(self, usual, odd, chance=0.04):
        return self.random.choice(odd if self.some(chance) else usual)

    def requests(self):
        """Streams of one to three requests."""
        while True:
            stream = b"".join(self.request() for _ in range(self.random.choice([1, 1, 1, 2, 3])))
            yield self.damaged(stream) if self.some(0.25) else stream

    def responses(self):
        """Pairs of a kind (response, head) and the whole stream behind the question."""
        while True:
            head = self.some(0.1)
            stream = b""
            if self.some(0.06):
                stream += b"HTTP/1.1 " + self.of([b"100 Continue", b"103 Early Hints"], [b"101 Upgrade", b"102 "]) + b"\r\n" + \
                    self.of([b""], [b"Content-Length: 0\r\n", b"Content-Length: 2\r\n", b"Link: </x>\r\n"], 0.2) + b"\r\n"
            start = self.of(VERSIONS, ODD_VERSIONS) + b" " + self.of(STATUSES, ODD_STATUSES)
            bodiless = head or start.split(b" ")[1:2] in ([b"204"], [b"304"])
            stream += self.message(start, [], none=0.6 if bodiless else 0.2, body=not bodiless or self.some(0.1))
            if self.some(0.04):
                stream += b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
            yield ("head" if head else "response", self.damaged(stream) if self.some(0.25) else stream)

    def request(self):
        start = b" ".join([self.of(METHODS, ODD_METHODS), self.of(TARGETS, ODD_TARGETS), self.of(VERSIONS, ODD_VERSIONS)])
        if self.some(0.02):
            start = start.replace(b" ", self.random.choice([b"  ", b"\t", b"\x0b"]), 1)
        host = [(b"Host", self.of([b"gate.example"], [b"", b"a b", b"a,b", b"gate.example:80", b"[::1]:80", b"a/b", b"user@a", b"a:99999"]))]
        before = self.random.choice([b"\r\n", b"\n", b"\r\n\r\n"]) if self.some(0.02) else b""
        return before + self.message(start, [] if self.some(0.01) else host, none=0.35)

    def message(self, start, headers, none, body=True):
        headers = headers + [self.of(HEADERS, ODD_HEADERS) for _ in range(self.random.choice([0, 1, 2, 4]))]
        content = self.random.choice([b"", b"x", b"{\"quantity\": 10}", b"0\r\n\r\n", b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"\r\n", bytes(range(256))])
        framing = self.random.random()
        if framing < none:
            content = b""
        elif framing < none + (1 - none) / 2:
            headers.append((b"Content-Length", self.length(len(content))))
        else:
            headers.append((b"Transfer-Encoding", self.of([b"chunked"], CODINGS, 0.15)))
            content = self.chunks(content)
        if self.some(0.03):
            headers.append(self.random.choice([(b"Content-Length", self.length(len(content))), (b"Transfer-Encoding", b"chunked")]))
        self.random.shuffle(headers)
        lines = [start + self.end()] + [self.header(name, value) for name, value in headers]
        return b"".join(lines) + self.of([b"\r\n"], ENDS, 0.01) + (content if body else b"")

    def end(self):
        return self.of([b"\r\n"], ENDS, 0.006)

    def header(self, name, value):
        name = self.of([name], NAMES.get(name, [name.lower(), name.upper(), name + b" "]), 0.04)
        space = self.of([b" "], [b"", b"  ", b"\t", b" \t ", b"\r\n ", b"\x0b"], 0.08)
        return name + b":" + space + value + self.of([b""], [b" ", b"\t", b"  "], 0.05) + self.end()

    def length(self, length):
        return self.filled(self.of([b"%d"], LENGTHS, 0.12), length)

    def chunks(self, content):
        out = b""
        while content:
            part = content[:self.random.randint(1, len(content))]
            out += self.filled(self.of([b"%x"], SIZES, 0.08), len(part)) + self.end() + part + self.of([b"\r\n"], ENDS + [b""], 0.02)
            content = content[len(part):]
        trailers = b"".join(self.header(*self.of([(b"X-T", b"v")], ODD_HEADERS + [(b"Content-Length", b"5")], 0.2)) for _ in range(self.some(0.15)))
        return out + self.of([b"0"], [b"00", b"0;a", b"0 ", b"", b"-0", b"0x0", b"000000000"], 0.06) + self.end() + trailers + self.end()

    def filled(self, pattern, number):
        return pattern.replace(b"%d", b"%d" % number).replace(b"%x", b"%x" % number).replace(b"%X", b"%X" % number)

    def damaged(self, stream):
        stream = bytearray(stream)
        for _ in range(self.random.choice([1, 1, 2, 3])):
            trick, at = self.random.randrange(6), self.random.randrange(len(stream) + 1)
            other = self.random.randrange(len(stream) + 1)
            if trick == 0:
                stream[at:at + self.random.randint(1, 4)] = b""
            elif trick == 1:
                stream[at:at] = self.random.choice(MORSELS)
            elif trick == 2 and at < len(stream):
                stream[at] ^= 1 << self.random.randrange(8)
            elif trick == 3 and at < len(stream):
                stream[at] = self.random.randrange(256)
            elif trick == 4:
                stream[at:at] = stream[min(at, other):max(at, other)][:60]
            else:
                stream[at:at + 2] = self.random.choice(MORSELS)
        return bytes(stream)
