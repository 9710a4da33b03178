"""The gate's reading of an order against other parsers, over generated bodies: whatever the gate accepts, everybody
else reads alike, whichever of two fields they prefer. SEKISHO_BODIES and SEKISHO_SEED choose how many and which."""
import itertools
import json
import os
import pathlib
import random
import subprocess
import urllib.parse
import xml.etree.ElementTree

import lxml.etree
import yaml

from bodies import Bodies

HERE = pathlib.Path(__file__).parent
BUILT = pathlib.Path(os.environ.get("SEKISHO_BIN_DIR", HERE.parents[1] / "build" / "release"))
COUNT = int(os.environ.get("SEKISHO_BODIES", 100_000))
# The same bodies in every run, so that what it says today it says tomorrow; "random" looks for others.
SEED = os.environ.get("SEKISHO_SEED") or "20261124"
SEED = random.randrange(2**32) if SEED == "random" else int(SEED)


def lines_of(command, frames):
    ran = subprocess.run(command, input=frames, stdout=subprocess.PIPE, check=True, timeout=600)
    return [json.loads(line) for line in ran.stdout.split(b"\n")[:-1]]


def frame(shape, query, body):
    return b"%s %d %d\n%s%s" % (shape.encode(), len(query), len(body), query, body)


# Each reading of a body is a dict like the gate's. A field that no value fits stays what the parser made of it.

def whole(value):
    if isinstance(value, str):
        return int(value) if value.isascii() and value.isdigit() else value
    return value


def text(value):
    return "" if value is None else str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def total(values):
    try:
        return sum(whole(value) for value in values)
    except TypeError:
        return f"no sum of {values!r}"


def joined(value):
    """Python keeps surrogates from two escapes apart where others make one character of them."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16")
    if isinstance(value, list):
        return [joined(one) for one in value]
    return {joined(key): joined(one) for key, one in value.items()} if isinstance(value, dict) else value


def of_json(root, fold=False):
    items = root.get("items") or []
    added = [item.get("quantity") for item in items if isinstance(item, dict)
             and (str(item.get("action")).lower() if fold else item.get("action")) == "add"]
    return {"quantity": whole(root.get("quantity")), "area": text(root.get("area")), "reference": text(root.get("ref")),
            "chain": [text(name) for name in root.get("chain") or []], "items": total(added)}


def first_wins(pairs):
    return dict(reversed(pairs))


def folded(pairs):
    return {key.lower(): value for key, value in pairs}


def readings_of_json(body, node):
    decoded = body.decode()
    for name, hook in (("json, last", dict), ("json, first", first_wins), ("json, any case", folded)):
        yield name, of_json(json.loads(decoded, object_pairs_hook=hook), hook is folded)
    yield "node", of_json(node["json"])
    try:
        yield "yaml", of_json(joined(yaml.load(decoded, yaml.CSafeLoader)))
    except (yaml.YAMLError, ValueError):
        pass  # not all JSON is YAML: tabs, DEL, and the like


def of_pairs(pairs):
    by_name = {}
    for name, value in pairs:
        by_name.setdefault(name, []).append(value)
    one = lambda name, at: (by_name.get(name) or [""])[at]
    for order, at in (("first", 0), ("last", -1)):
        yield order, {"quantity": whole(one("quantity", at)), "area": one("area", at), "reference": one("ref", at),
                      "chain": by_name.get("chain", []), "items": total(by_name.get("item", []))}


def php_name(name):
    """How PHP and its like see a name: trimmed, cut at a bracket."""
    return name.strip().lstrip("[").split("[")[0].split("]")[0].split("\0")[0].replace(".", "_").replace(" ", "_").lower()


def readings_of_form(query, body, node):
    decoded = body.decode()
    plain = urllib.parse.parse_qsl(decoded, keep_blank_values=True, errors="strict")
    merged = urllib.parse.parse_qsl(query.decode(), keep_blank_values=True) + plain
    semicolons = urllib.parse.parse_qsl(decoded.replace(";", "&"), keep_blank_values=True)
    bracketed = [(php_name(name), value) for name, value in plain]
    everybody = {"urllib": plain, "with the query": merged, "with ';'": semicolons, "brackets": bracketed,
                 "URLSearchParams": node["pairs"][0], "querystring": node["pairs"][1]}
    for name, pairs in everybody.items():
        for order, reading in of_pairs(pairs):
            yield f"{name}, {order}", reading


def local(name):
    return name.rsplit("}", 1)[-1].split(":")[-1] if isinstance(name, str) else ""


def of_xml(root, whole_text, fold, at):
    same = lambda name, wanted: local(name).lower() == wanted.lower() if fold else local(name) == wanted
    inside = lambda element: "".join(element.itertext()) if whole_text else element.text or ""
    find = lambda element, name: [child for child in element if same(child.tag, name)]
    one = lambda element, name: inside((find(element, name) or [None])[at]) if find(element, name) else ""
    chains = find(root, "Chain")
    return {"quantity": whole(one(root, "Quantity")), "area": one(root, "Area"),
            "reference": next((value for key, value in root.attrib.items() if local(key) == "ref"), ""),
            "chain": [inside(name) for name in find(chains[at], "Name")] if chains else [],
            "items": total(one(item, "Quantity") for item in find(root, "Item"))}


def readings_of_xml(body):
    roots = {"expat": xml.etree.ElementTree.fromstring(body), "lxml": lxml.etree.fromstring(body),
             "lxml, mending": lxml.etree.fromstring(body, lxml.etree.XMLParser(recover=True, remove_comments=True,
                                                                              remove_pis=True, strip_cdata=False))}
    for name, root in roots.items():
        if local(root.tag) != "Order":
            yield name, {"root": root.tag}
        for whole_text, fold, at in itertools.product((False, True), (False, True), (0, -1)):
            yield f"{name}, {whole_text=} {fold=} {at=}", of_xml(root, whole_text, fold, at)


def differences(shape, query, body, gate, node):
    """Every way in which another parser reads an accepted body differently."""
    try:
        if shape == "json":
            readings = list(readings_of_json(body, node))
        elif shape == "form":
            readings = list(readings_of_form(query, body, node))
        else:
            readings = list(readings_of_xml(body))
    except Exception as error:
        return [f"another parser refuses it: {error!r} {node}"]
    out = []
    for name, reading in readings:
        for field, value in gate.items():
            if field == "items" and value is None:
                continue  # refused by that route
            # Python tells True from 1 by type alone.
            if reading.get(field) != value or type(reading.get(field)) is not type(value):
                out.append(f"{field}: the gate {value!r}, {name} {reading.get(field)!r}")
    return out


def read_by_all(cases):
    frames = b"".join(frame(*case) for case in cases)
    gate = lines_of([str(BUILT / "read_bodies")], frames)
    node = lines_of(["node", str(HERE / "parsers.js")], frames)
    assert len(gate) == len(node) == len(cases)
    return zip(cases, gate, node)


def test_what_the_gate_accepts_everybody_reads_alike():
    print(f"seed {SEED}, {COUNT} bodies")
    accepted = dict.fromkeys(("json", "form", "xml"), 0)
    summed = dict.fromkeys(accepted, 0)
    trouble = []
    for (shape, query, body), gate, node in read_by_all(list(itertools.islice(Bodies(SEED), COUNT))):
        if "refused" in gate:
            continue
        accepted[shape] += 1
        summed[shape] += gate["items"] is not None
        for difference in differences(shape, query, body, gate, node):
            trouble.append(f"{shape} {query!r} {body!r}\n  {difference}")
    print(f"accepted {accepted}, with a sum {summed}")
    assert not trouble, f"seed {SEED}: {len(trouble)} differences\n" + "\n".join(trouble[:20])
    # A gate that refuses everything would agree with everybody.
    for shape in accepted:
        assert accepted[shape] > COUNT * 0.03 and summed[shape] > COUNT * 0.003, (SEED, accepted, summed)


def test_the_comparison_sees_a_wrong_reading():
    good = {"area": "", "reference": "", "chain": [], "items": None}
    for shape, query, body, quantity in (
            ("json", b"", b'{"quantity":1,"quantity":2}', 1), ("json", b"", b'{"quantity":1,"Quantity":2}', 1),
            ("json", b"", b'{"quantity":true}', 1), ("json", b"", b'{"quantity":1.0}', 1), ("json", b"", b'{"quantity":1}x', 1),
            ("form", b"", b"quantity=1&quantity=2", 1), ("form", b"quantity=2", b"quantity=1", 1),
            ("form", b"", b"quantity=1;quantity=2", 1), ("form", b"", b"quantity=1&quantity[]=2", 1),
            ("xml", b"", b"<Order><Quantity>1</Quantity><Quantity>2</Quantity></Order>", 1),
            ("xml", b"", b"<Order><Quantity>1<!-- a -->0</Quantity></Order>", 10),
            ("xml", b"", b"<Order><Quantity>1</Quantity><b:Quantity xmlns:b='urn:b'>2</b:Quantity></Order>", 1),
            ("xml", b"", b"<!DOCTYPE a [<!ENTITY q '10'>]><Order><Quantity>&q;</Quantity></Order>", 1)):
        [(_, gate, node)] = read_by_all([(shape, query, body)])
        assert "refused" in gate, body
        assert differences(shape, query, body, {"quantity": quantity, **good}, node), body
