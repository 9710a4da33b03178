"""A gateway that finds an older copy of its journal goes on with nothing, and says why."""
import shutil
import socket
import subprocess

from harness import Client, order, wait_for


def keep(house, name):
    """What docs/backup.md copies: the directory and the files beside it."""
    backup = house.directory / name
    backup.mkdir()
    for path in house.directory.glob("journal-1*"):
        copy = shutil.copytree if path.is_dir() else shutil.copy2
        copy(path, backup / path.name)
    return backup


def put_back(house, backup):
    for path in house.directory.glob("journal-1*"):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    for path in backup.iterdir():
        copy = shutil.copytree if path.is_dir() else shutil.copy2
        copy(path, house.directory / path.name)


def orders(house, count):
    with house.gateway.client("aozora") as client:
        for _ in range(count):
            assert order(client, 1).status == 201


def reasons(gateway):
    answer = gateway.admin("/readyz")
    return answer.status, answer.body.decode()


def head_is_in_redis(house):
    """Waits until it is. Returns the gateway's id."""
    with Client(house.gateway.admin_port) as client:
        gateway = client.get("/admin/v1/status").json()["gateway"]

    def told():
        asked = ["redis-cli", "-p", str(house.redis.port), "GET", f"sekisho:journal:{gateway}"]
        return (subprocess.run(asked, capture_output=True).stdout.split() or [b"0"])[0].decode()
    wait_for("the head is in Redis", 10, lambda: told() == str(house.gateway.records()[-1]["seq"]))
    return gateway


def doctor(house):
    found = house.sekisho("doctor")
    return found.code, next(line for line in found.json["lines"] if line["what"] == "journal's head")


def started_unready(house):
    """Starts the gateway; what /readyz says once it has looked."""
    gateway = house.gateway
    gateway.start()
    wait_for("it answers", 10, lambda: gateway.running() and answers(gateway) and takes_callers(gateway))
    return wait_for("it has looked", 10, lambda: (said := reasons(gateway))[1].count("journal: ") and said)


def takes_callers(gateway):
    try:
        socket.create_connection(("127.0.0.1", gateway.port), 1).close()
        return True
    except OSError:
        return False


def answers(gateway):
    try:
        return gateway.admin("/livez").status == 200
    except OSError:
        return False


def test_an_older_copy_of_the_journal_is_not_gone_on_with(open_house):
    house = open_house()
    gateway = house.gateway
    orders(house, 3)
    assert gateway.terminate() == 0
    old = keep(house, "old")
    gateway.start_ready()
    orders(house, 5)
    head_is_in_redis(house)
    assert gateway.terminate() == 0
    newest = keep(house, "newest")
    assert doctor(house)[1]["state"] == "ok"

    put_back(house, old)
    code, line = doctor(house)
    assert code == 1 and line["state"] == "bad" and "it is an older copy" in line["says"], line
    status, said = started_unready(house)
    assert status == 503 and "it is an older copy, or its end is lost" in said, said
    wait_for("the log says so", 5, lambda: "no orders are admitted" in gateway.err.read_text())
    with gateway.client("aozora") as client:
        refused = order(client, 1)
        assert (refused.status, refused.code) == (503, "ledger-unavailable")
    assert house.counts("aozora") == (8, 0, 0), "what Redis knows remains"
    assert gateway.terminate() == 0
    found = house.sekisho("audit", "verify", gateway.journal)
    assert found.code == 1 and found.json["first_bad"], "Redis' head was not written over"

    # However often it is started, and whatever it wrote at that: it stays the wrong one.
    for _ in range(20):
        status, said = started_unready(house)
        assert status == 503
        if "gone on with from an older copy" in said:
            break
        with gateway.client("aozora") as client:
            for _ in range(10):
                assert order(client, 1).status == 503
        assert gateway.terminate() == 0
    assert "its record" in said and "is another one than Redis knows" in said, said
    assert gateway.terminate() == 0
    assert doctor(house)[0] == 1

    # On its own journal it goes on as if nothing had been.
    put_back(house, newest)
    gateway.start_ready()
    orders(house, 2)
    assert house.counts("aozora") == (10, 0, 0)
    assert gateway.terminate() == 0
    assert house.sekisho("audit", "verify", gateway.journal).code == 0


def test_on_an_empty_directory_it_is_a_new_gateway(open_house):
    """What docs/backup.md says to do when there is nothing but an older copy."""
    house = open_house()
    gateway = house.gateway
    orders(house, 3)
    old = keep(house, "old")
    orders(house, 3)
    lost = head_is_in_redis(house)
    gateway.kill()
    put_back(house, old)
    started_unready(house)
    gateway.kill()
    for path in house.directory.glob("journal-1*"):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    gateway.start_ready()
    orders(house, 1)
    assert house.sekisho("ledger", "retire", lost, "--reason", "its disk is lost", "--by", "tester").code == 0
    assert house.counts("aozora") == (7, 0, 0)
