// How Node reads the same frames as read_bodies.cpp: a line of JSON each. JSON bodies by JSON.parse; forms by
// URLSearchParams and by querystring, as lists of [name, value]. XML: Node has no parser of its own.
"use strict";
const querystring = require("querystring");
const input = require("fs").readFileSync(0);

const pairsOf = (parsed) =>
  Object.entries(parsed).flatMap(([name, value]) => [].concat(value).map((one) => [name, one]));

function read(format, body) {
  try {
    // Fatal: bytes that are not UTF-8 are an error, not a replacement character.
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body);
    if (format === "json") return { json: JSON.parse(text) };
    if (format === "form")
      return { pairs: [[...new URLSearchParams(text)], pairsOf(querystring.parse(text, "&", "=", { maxKeys: 0 }))] };
    return {};
  } catch (error) {
    return { refused: String(error) };
  }
}

const out = [];
for (let at = 0; at < input.length; ) {
  const end = input.indexOf(10, at);
  const [format, queryLength, bodyLength] = input.subarray(at, end).toString().split(" ");
  const body = end + 1 + Number(queryLength);
  at = body + Number(bodyLength);
  out.push(JSON.stringify(read(format, input.subarray(body, at))));
}
process.stdout.write(out.join("\n") + "\n");
