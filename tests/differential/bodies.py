"""Bodies of orders, good and mutated by the tricks that make parsers disagree. All from one seed."""
import json
import random
import urllib.parse

FORMATS = ("json", "form", "xml")

NUMBERS = ["1", "10", "0", "-0", "-1", "1.0", "1e3", "1E1", "10e-1", "0x10", "010", "+5", " 10", "10 ", "１０", "1_000",
           "1,000", "99999999999999999999", "999999999999999999", "1e400", "NaN", "Infinity", "true", "null", "''", ".5"]
TEXTS = ["03", "東京", "Tokyo West", "a+b", "a%b", "a&b", "<x>", "a;b", "", "é", "\U0001f600", "a\tb", "a\nb", "\u0000",
         "\u2028", "'", "\\", "/", "10", "null", "\u00a0", "\ufeff", "ﬁ", "I\u0307"]


class Bodies:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def __iter__(self):
        while True:
            shape = self.random.choice(FORMATS)
            body = getattr(self, shape)()
            query = b""
            if shape == "form" and self.random.random() < 0.1:
                query = self.random.choice([b"quantity=7", b"Area=1", b"trace=1", b"%71uantity=7", b"a=1;quantity=7", b"area=%zz"])
            if self.random.random() < 0.35:
                body = self.damaged(body)
            yield shape, query, body

    def some(self, chance):
        return self.random.random() < chance

    def number(self):
        return str(self.random.randint(1, 2000)) if self.some(0.75) else self.random.choice(NUMBERS)

    def text(self):
        return self.random.choice(TEXTS[:3]) if self.some(0.6) else self.random.choice(TEXTS)

    # JSON

    def escaped(self, text):
        """The same string, some characters as \\u escapes."""
        out = json.dumps(text, ensure_ascii=self.some(0.5))[1:-1]
        if text and self.some(0.15):
            out = "".join(f"\\u{ord(c):04x}" if ord(c) < 0x10000 and self.some(0.4) else json.dumps(c, ensure_ascii=False)[1:-1]
                          for c in text)
        return f'"{out}"'

    def key(self, name):
        if self.some(0.03):
            name = self.random.choice([name.upper(), name.title(), name + "\0", " " + name, name + " ", name + "[]", "\ufeff" + name])
        return self.escaped(name)

    def json_number(self):
        number = self.number()
        return f'"{number}"' if self.some(0.25) else number

    def json(self):
        action = lambda: self.random.choice(["add"] * 4 + ["delete", "Add", "ADD", "modify"])
        item = lambda: "{" + ",".join(
            part for part in [f'{self.key("action")}:{self.escaped(action())}' if not self.some(0.05) else "",
                              f'{self.key("quantity")}:{self.json_number()}' if not self.some(0.05) else ""] if part) + "}"
        members = [f'{self.key("quantity")}:{self.json_number()}']
        if self.some(0.6):
            members.append(f'{self.key("area")}:{self.escaped(self.text())}')
        if self.some(0.3):
            members.append(f'{self.key("ref")}:{self.escaped(self.text())}')
        if self.some(0.3):
            members.append(f'{self.key("chain")}:[{",".join(self.escaped(self.text()) for _ in range(self.random.randint(0, 3)))}]')
        if self.some(0.4):
            members.append(f'{self.key("items")}:[{",".join(item() for _ in range(self.random.randint(0, 3)))}]')
        if self.some(0.3):
            members.append(f'"x":{{"quantity":{self.json_number()},"y":[1.5,-2e3,null,true,[]]}}')
        if self.some(0.08):
            members.append(self.random.choice(members))
        if self.some(0.05):
            members.append('"quantity":1000')
        self.random.shuffle(members)
        space = self.random.choice(["", "", " ", "\n  ", "\r\n", "\t"])
        return ("{" + space + ("," + space).join(members) + space + "}").encode("utf-8", "surrogatepass")

    # Forms

    def quoted(self, text):
        choice = self.random.random()
        if choice < 0.5:
            return urllib.parse.quote_plus(text)
        if choice < 0.9:
            return urllib.parse.quote(text, safe="")
        if choice < 0.95:
            return "".join(f"%{byte:02x}" for byte in text.encode())
        return text

    def form(self):
        fields = [("quantity", self.number())]
        for name, chance in (("area", 0.6), ("ref", 0.3), ("chain", 0.3), ("chain", 0.3), ("item", 0.3), ("item", 0.3),
                             ("note", 0.3), ("note", 0.03), ("quantity", 0.03), ("area", 0.02)):
            if self.some(chance):
                fields.append((name, self.number() if name in ("item", "quantity") else self.text()))
        self.random.shuffle(fields)
        odd = lambda name: self.random.choice([name.upper(), f"{name}[]", f"[{name}]", f" {name}", f"{name}[0]", f"{name}\0",
                                               f"{name}.x", f"x[{name}]"])
        pairs = [f"{self.quoted(odd(name) if self.some(0.03) else name)}={self.quoted(value)}" for name, value in fields]
        return self.random.choice(["&"] * 12 + [";", "&&"]).join(pairs).encode()

    # XML

    def xml_text(self, text):
        out = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        if self.some(0.1):
            out = "".join(f"&#{ord(c)};" if self.some(0.5) and ord(c) else c for c in text.replace("&", "+").replace("<", "("))
        if self.some(0.04):
            out = self.random.choice([f"<![CDATA[{text}]]>", f"{out}<!-- c -->", f"<!-- c -->{out}", f"{out}<b/>", f"{out}&nbsp;",
                                      f"{out[:1]}<![CDATA[{text[1:]}]]>", f" {out}\n"])
        return out

    def element(self, name, text, attributes=""):
        if self.some(0.03):
            name = self.random.choice([name.lower(), name.upper(), "b:" + name, name + " xmlns='urn:x'", name + " Quantity='5'"])
        return f"<{name}{attributes}>{self.xml_text(text)}</{name.split()[0]}>"

    def xml(self):
        parts = [self.element("Quantity", self.number())]
        if self.some(0.6):
            parts.append(self.element("Area", self.text()))
        if self.some(0.3):
            names = "".join(self.element("Name", self.text()) for _ in range(self.random.randint(0, 3)))
            parts.append(f"<Chain>{names}</Chain>")
        for _ in range(self.random.randint(0, 3) if self.some(0.4) else 0):
            parts.append(f"<Item>{self.element('Quantity', self.number())}</Item>")
        if self.some(0.2):
            parts.append(self.random.choice(["<!-- <Quantity>5</Quantity> -->", "<Note><![CDATA[<Quantity>5</Quantity>]]></Note>",
                                             "text", "<Sub><Quantity>7</Quantity></Sub>", "<Note a='>' b=\"'\"/>"]))
        if self.some(0.05):
            parts.append(self.random.choice(parts))
        self.random.shuffle(parts)
        space = self.random.choice(["", "", "\n ", "\r\n", "\t"])
        head = self.random.choice(["", "", "", "<?xml version='1.0'?>", '<?xml version="1.0" encoding="UTF-8"?>\n',
                                   "<?xml version='1.0' encoding='ISO-8859-1'?>", "<?xml version='1.1'?>",
                                   "<!DOCTYPE Order [<!ENTITY q '5'>]>", "<!-- x -->"])
        ref = f" ref='{self.xml_text(self.text()).replace(chr(39), '&apos;')}'" if self.some(0.3) else ""
        names = self.random.choice([""] * 8 + [" xmlns='urn:o'", " xmlns:b='urn:b'", " Quantity='9'", " xmlns:b=''"])
        return f"{head}<Order{names}{ref}>{space}{space.join(parts)}{space}</Order>".encode("utf-8", "surrogatepass")

    # Any

    def damaged(self, body):
        """One to three slips of bytes, or a trick at an end."""
        body = bytearray(body)
        for _ in range(self.random.randint(1, 3)):
            at = self.random.randrange(len(body) + 1)
            trick = self.random.randrange(8)
            if trick == 0:
                del body[at:at + self.random.randint(1, 3)]
            elif trick == 1:
                body[at:at] = self.random.choice([b"\x00", b" ", b"\n", b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\\", b'"',
                                                  b"/**/", b"//", b"%", b"%00", b"&", b"=", b"<", b">", b"&amp;", b",", b"]", b"}", b"#"])
            elif trick == 2 and body:
                body[at % len(body)] ^= 1 << self.random.randrange(8)
            elif trick == 3:
                body[0:0] = self.random.choice([b"\xef\xbb\xbf", b" ", b"\n", b"\x00", b")]}',\n"])
            elif trick == 4:
                body += self.random.choice([b" ", b"\n", b"\x00", b"{}", b"&quantity=9", b"<Order/>", b"x", b",", b"\x1a", b"<!-- -->"])
            elif trick == 5:
                other = self.random.randrange(len(body) + 1)
                body[at:at] = body[min(at, other):max(at, other)][:40]
            elif trick == 6 and body:
                body[at % len(body)] = self.random.randrange(32, 127)
            else:
                body[at:at] = str(self.random.randrange(10)).encode()
        return bytes(body)
