"""docs/clients.md is right: its file is a clients file, and each of its commands runs."""
import re
import subprocess

from credentials import Issuer, Key
from harness import BIN, TOP, order_body

PAGE = (TOP / "docs" / "clients.md").read_text()


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.M | re.S)


def run(house, command):
    env = {"PATH": f"{BIN}:/usr/bin:/bin", "KEY": "key-aozora", "HOME": str(house.directory)}
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", command], cwd=house.directory, env=env,
                          capture_output=True, timeout=60)
    assert done.returncode == 0, (command, done)
    return done.stdout.decode()


def test_the_pages_file_and_commands(build_house):
    house = build_house()
    (house.directory / "corp.json").write_text(Issuer(Key("RS256", "r-1"), Key("EdDSA", "d-1")).jwks())
    (house.directory / "order.json").write_bytes(order_body(1, "fixed"))
    run(house, "openssl req -x509 -newkey ed25519 -nodes -keyout client.key -out client.pem -days 1 "
               "-subj '/C=JP/O=Aozora/CN=gate-client'")
    said = {command: run(house, command) for block in blocks("sh") for command in block.strip().splitlines()}
    assert len(said) == 5, list(said)
    assert "subject=CN=gate-client,O=Aozora,C=JP\n" in said.values(), "the form that the file has"
    assert any(text.startswith("api_key: ") for text in said.values())
    assert any("Content-Digest: sha-256=:" in text and "Signature: sig=:" in text for text in said.values())
    assert "api_key_sha256: 2db45c32" in run(house, 'printf %s "$KEY" | sekisho client hash')

    file, *clients = blocks("yaml")
    (house.directory / "clients.yaml").write_text(file)
    done = house.sekisho("check")
    assert done.code == 0 and done.json["clients"] == 1, done
    for line in "".join(clients).strip().splitlines():
        (house.directory / "clients.yaml").write_text(re.sub(r"tokens: \[.*", line, file))
        assert house.sekisho("check").code == 0, line
