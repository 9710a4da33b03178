// How the parser of Node's own server (llhttp, strict) reads the same frames as read_messages.cpp ("request" only): a
// line of JSON each, in the same shape.
"use strict";
const { HTTPParser, methods } = require("_http_common");
const input = require("fs").readFileSync(0);

const pairsOf = (raw) => raw.flatMap((name, i) => (i % 2 === 0 ? [[name, raw[i + 1]]] : []));

function read(stream) {
  const messages = [];
  let message, headers, target, chunks;
  const parser = new HTTPParser();
  parser.initialize(HTTPParser.REQUEST, {});
  parser[HTTPParser.kOnMessageBegin] = () => {
    [headers, target, chunks] = [[], "", []];
  };
  // Where there are many; trailers; and what follows them on the same connection.
  parser[HTTPParser.kOnHeaders] = (some, url) => {
    headers.push(...some);
    target += url;
  };
  parser[HTTPParser.kOnHeadersComplete] = (major, minor, all, method, url) => {
    headers = headers.concat(all || []);
    message = { method: methods[method], target: url || target, headers: pairsOf(headers) };
    return 0;
  };
  parser[HTTPParser.kOnBody] = (chunk) => chunks.push(Buffer.from(chunk));
  parser[HTTPParser.kOnMessageComplete] = () => {
    messages.push({ ...message, body: Buffer.concat(chunks).toString("latin1") });
  };
  // It stops behind a request that asks for an upgrade; there is none, so that it goes on.
  for (let rest = stream; rest.length > 0; ) {
    const read = parser.execute(rest);
    if (typeof read !== "number") return { messages, end: read.code };
    if (read === 0) return { messages, end: "no further" };
    rest = rest.subarray(read);
  }
  const failed = parser.finish();
  return { messages, end: failed ? failed.code : "" };
}

const out = [];
for (let at = 0; at < input.length; ) {
  const end = input.indexOf(10, at);
  const begin = end + 1;
  at = begin + Number(input.subarray(at, end).toString().split(" ")[1]);
  out.push(JSON.stringify(read(input.subarray(begin, at))));
}
process.stdout.write(out.join("\n") + "\n");
