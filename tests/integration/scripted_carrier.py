"""A carrier that a test writes itself: a function from a call to its answer, behind a real socket.

    carrier = ScriptedCarrier(lambda call: (201, {"id": "o-1"}))

The answer is (status, body) or (status, body, headers); a body that is no bytes is sent as JSON. Every call is kept in
`calls`.
"""
import http.server
import json
import threading


class Call:
    def __init__(self, method, target, headers, body):
        self.method, self.target, self.headers, self.body = method, target, headers, body

    @property
    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"<{self.method} {self.target} {self.body[:200]!r}>"


class ScriptedCarrier:
    def __init__(self, answer):
        self.answer, self.calls, self.lock = answer, [], threading.Lock()
        carrier = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_one_call(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                call = Call(self.command, self.path, self.headers, body)
                with carrier.lock:
                    carrier.calls.append(call)
                    status, content, *more = carrier.answer(call)
                headers = {"Content-Type": "application/json", **(more[0] if more else {})}
                content = content if isinstance(content, bytes) else json.dumps(content).encode()
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                if status != 204:
                    self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                if status != 204:
                    self.wfile.write(content)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_one_call

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def seen(self, method, target):
        with self.lock:
            return [call for call in self.calls if (call.method, call.target) == (method, target)]

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(10)
