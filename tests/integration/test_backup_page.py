"""docs/backup.md is right: its commands, in its order, and what it says is lost."""
import json
import os
import re
import shutil
import subprocess
import threading
import types

from clocks import WallClock
from harness import BIN, ROOMY, TOP, order, wait_for
from test_old_journal import head_is_in_redis

PAGE = (TOP / "docs" / "backup.md").read_text()


def commands(heading):
    """The page's blocks under this heading."""
    section = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", PAGE, re.M | re.S)[1]
    return re.findall(r"^```sh\n(.*?)^```", section, re.M | re.S)


def run(house, command, code=0, **more):
    backup = house.directory / "backup"
    backup.mkdir(exist_ok=True)
    env = {"PATH": f"{BIN}:{os.environ['PATH']}", "HOME": str(house.directory), "USER": "tester", "BACKUP": str(backup),
           "REDIS_URL": house.redis.url, "REDIS_DIR": str(house.redis.data), "JOURNAL": str(house.gateway.journal),
           "SEKISHO_CONFIG": str(house.gateway.config), **more}
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", command], cwd=house.directory, env=env, capture_output=True,
                          text=True, timeout=180)
    assert done.returncode == code, (command, done)
    return done.stdout


def orders(gateway, count, **kw):
    with gateway.client("aozora") as client:
        answers = [order(client, 2, **kw) for _ in range(count)]
    assert [answer for answer in answers if answer.status != 201] == []
    return answers[-1]


def orders_go_on(house):
    for gateway in house.gateways:
        with gateway.client("aozora") as client:
            wait_for("orders are admitted", 30, lambda: order(client, 1).status == 201)


def exact(house):
    given = {number for entry in house.carrier.log() for number in entry["numbers"]}
    wait_for("the counts are exact", 20, lambda: house.counts("aozora") == (len(given), 0, 0))
    assert {one["number"] for one in house.numbers("aozora")} == given
    return len(given)


def restarted(house, appendonly):
    redis = house.redis
    redis.command[redis.command.index("--appendonly") + 1] = "yes" if appendonly else "no"
    redis.start()


def test_redis_from_a_dump_of_some_time_ago(open_house):
    house = open_house(gateways=2, changes=ROOMY, appendonly=True)
    (copy,) = commands("Make the copies")
    away, writes = commands("Redis from a dump")
    for gateway in house.gateways:
        orders(gateway, 5)
    run(house, copy)
    key = [("Idempotency-Key", "since-the-dump")]
    for gateway in house.gateways:
        orders(gateway, 20)
    first = orders(house.gateway, 1, headers=key)
    house.redis.kill()
    run(house, away)
    restarted(house, appendonly=False)
    run(house, writes)
    orders_go_on(house)
    again = orders(house.gateway, 1, headers=key)
    assert again.decision == first.decision and not again.body and again.header("Sekisho-Notice"), again.head
    restored = sum(gateway.metrics().value("ledger_restored_total") for gateway in house.gateways)
    print(f"{exact(house)} numbers, {restored:.0f} orders told again")
    assert restored >= 41
    house.redis.kill()
    restarted(house, appendonly=True)  # what was restored is on disk
    orders_go_on(house)
    exact(house)


def test_redis_begun_anew(open_house):
    house = open_house(gateways=2, changes=ROOMY, appendonly=True)
    for gateway in house.gateways:
        orders(gateway, 20)
    house.revoke("hoshi")
    serial = house.standing("hoshi")["serial"]
    for gateway in house.gateways:
        wait_for("it knows", 5, lambda: gateway.metrics().value("registry_serial") == serial)
    house.redis.kill()
    shutil.rmtree(house.redis.data)
    house.redis.data.mkdir()
    restarted(house, appendonly=True)
    (fill,) = commands("Redis anew")
    run(house, fill)
    orders_go_on(house)
    print(f"{exact(house)} numbers")
    with house.gateway.client("hoshi") as client:
        assert order(client, 1).code == "etoc-revoked"


def lose_the_disk(house):
    """With one order at the carrier. Returns the gateway's id."""
    status = json.loads(house.gateway.admin("/admin/v1/status").body)
    house.carrier.control("slow", delay_ms=4000, times=1)
    client = house.gateway.client("aozora")
    waiting = threading.Thread(target=lambda: answer_or_none(client))
    waiting.start()
    wait_for("the carrier has it", 10, lambda: house.carrier.seen()["waiting"] == 1)
    house.gateway.kill()
    waiting.join()
    wait_for("the carrier is done", 10, lambda: house.carrier.seen()["waiting"] == 0)
    for path in house.directory.glob("journal-1*"):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    return status["gateway"]


def answer_or_none(client):
    try:
        return order(client, 3)
    except OSError:
        return None


def test_a_gateways_disk_is_lost(open_house):
    house = open_house(gateways=2, changes=ROOMY, appendonly=True)
    first, second = house.gateways
    (copy,) = commands("Make the copies")
    retire, holds, verify = commands("A gateway's disk is lost")
    orders(first, 5)
    orders(second, 5)
    run(house, copy)
    orders(first, 10)
    head_is_in_redis(house)
    lost = lose_the_disk(house)
    first.start_ready()
    orders_go_on(house)
    (hold,) = json.loads(run(house, holds))
    given = {entry["decision"]: entry["numbers"] for entry in house.carrier.log()}[hold["decision"]]
    resolve = f"sekisho ledger resolve {hold['hold']} --granted 3 --numbers {' '.join(given)} --reason log --by tester"
    run(house, resolve, code=1)
    later = types.SimpleNamespace(directory=house.directory, name="later", env={})
    WallClock(later).is_off_by(11 * 60)
    run(house, resolve, **later.env)
    print(f"{exact(house)} numbers, one order of them resolved by hand")

    said = run(house, verify, code=1)
    print(said)
    assert "nothing altered" in said and "missing" in said and "nothing missing" not in said

    house.redis.kill()
    house.redis.start()
    waits = f"waiting until {lost} has told".encode()
    for gateway in house.gateways:
        wait_for("it is waited for", 15, lambda: waits in gateway.admin("/readyz").body)
    run(house, retire, LOST=lost)
    orders_go_on(house)
    exact(house)
