#!/usr/bin/python3
"""A million operators through the real program: import, start of a gateway, one revocation. `registry_million.py [N]`.

Prints what it measured. Everything runs in a folder of its own and ends with it.
"""
import pathlib
import resource
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))
import harness  # noqa: E402


def write_list(path, count):
    base = (path.parent / "etoc.csv").read_text(encoding="utf-8")
    header = base.splitlines()[0]
    rows = base.splitlines()[1:]
    first = rows[0].split(",")
    with open(path, "w", encoding="utf-8") as out:
        out.write(header + "\n" + "\n".join(rows) + "\n")
        for n in range(count - len(rows)):
            number = harness.corporate_number(100000000000 + n)
            row = list(first)
            row[0] = number
            row[1] = f"株式会社通信{n}"
            out.write(",".join(row) + "\n")


def timed(what, run):
    began = time.monotonic()
    result = run()
    print(f"{what:<44}{time.monotonic() - began:8.2f} s", flush=True)
    return result


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory(prefix="sekisho-million-") as folder:
        house = harness.House(folder, gateways=1)
        try:
            house.start()
            house.gateway.terminate()
            (house.directory / "journal-1.registry").unlink(missing_ok=True)
            print((house.directory / "etoc.csv").read_text(encoding="utf-8").splitlines()[0])
            big = house.directory / "million.csv"
            write_list(big, count)
            print(f"{count} operators, a file of {big.stat().st_size / 1e6:.0f} MB")
            command = ("registry", "import", "--register", "etoc", "--mapping", house.directory / "etoc.mapping.yaml", big)
            done = timed("import", lambda: house.sekisho(*command))
            assert done.code == 0, done
            done = timed("the same file again", lambda: house.sekisho(*command))
            assert done.code == 0, done
            timed("gateway start to ready, from Redis", lambda: house.gateway.start_ready(120))
            harness.wait_for("the copy is on disk", 120, lambda: (house.directory / "journal-1.registry").exists())
            status = pathlib.Path(f"/proc/{house.gateway.pid}/status").read_text()
            print(next(line for line in status.splitlines() if line.startswith("VmRSS")))
            began = time.monotonic()
            assert house.revoke("aozora").code == 0
            with house.gateway.client("aozora") as client:
                harness.wait_for("it is refused", 10, lambda: harness.order(client, 1).code == "etoc-revoked")
            print(f"{'revoke, command and refusal together':<44}{time.monotonic() - began:8.3f} s")
            house.gateway.kill()
            timed("gateway start to ready, from its copy", lambda: house.gateway.start_ready(120))
            with house.gateway.client("aozora") as client:
                assert harness.order(client, 1).code == "etoc-revoked"
            print("most memory of a command", resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024, "MB")
        finally:
            house.stop()


if __name__ == "__main__":
    main()
