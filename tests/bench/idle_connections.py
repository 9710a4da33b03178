"""What an idle keep-alive connection costs a gateway, plain and under TLS: resident memory over many of them.

usage: idle_connections.py [COUNT]     default 10000; needs a built tree
"""
import pathlib
import resource
import socket
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "integration"))
from certificates import Authority, caller  # noqa: E402
from harness import House, edit  # noqa: E402


def resident(gateway):
    status = pathlib.Path(f"/proc/{gateway.popen.pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) * 1024


def connect(house, tls):
    wire = socket.create_connection(("127.0.0.1", house.gateway.port), 10)
    if tls:
        wire = tls[0].wrap_socket(wire, server_hostname=tls[1])
    wire.sendall(b"GET /sekisho/v1/standing HTTP/1.1\r\nHost: a\r\nX-Api-Key: key-aozora\r\n\r\n")
    assert wire.recv(12) == b"HTTP/1.1 200"
    return wire


def measure(count, secure):
    with tempfile.TemporaryDirectory(prefix="sekisho-idle-") as directory:
        house, tls = House(directory), None
        edit(house.gateway.config, [("idle_timeout: 75s", f"idle_timeout: 10m\n  connections: {count + 100}")])
        if secure:
            authority = Authority(pathlib.Path(directory) / "ca")
            shown = authority.issue("gate", ["127.0.0.1"])
            tls = caller(authority)
            edit(house.gateway.config, [(f"address: 127.0.0.1:{house.gateway.port}",
                                         f"address: 127.0.0.1:{house.gateway.port}\n    tls: {{ certificate: {shown.path}, "
                                         f"key: {shown.key_path} }}")])
        house.start()
        try:
            wires = [connect(house, tls) for _ in range(50)]  # whatever is made once is made now
            before = resident(house.gateway)
            wires += [connect(house, tls) for _ in range(count)]
            time.sleep(1.5)  # by then they are at rest
            after = resident(house.gateway)
            for wire in wires:
                wire.close()
        finally:
            house.stop()
    return (after - before) / count


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10000
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    for name, secure in (("plain", False), ("TLS", True)):
        print(f"{count} idle connections, {name}: {measure(count, secure) / 1024:.1f} KB each")


if __name__ == "__main__":
    main()
