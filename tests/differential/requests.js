// How Node's own server reads the same frames as read_messages.cpp ("request" only): a line of JSON each, in the same
// shape. Each stream is a connection that never was a socket; every request on it is answered at once.
"use strict";
const http = require("http");
const { Duplex } = require("stream");
const input = require("fs").readFileSync(0);

const pairsOf = (raw) => raw.flatMap((name, i) => (i % 2 === 0 ? [[name, raw[i + 1]]] : []));

let current; // what is told of the stream that is being read
const server = http.createServer({ keepAlive: true }, (request, response) => {
  const chunks = [];
  const { result } = request.socket;
  const message = { method: request.method, target: request.url, headers: pairsOf(request.rawHeaders) };
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", () => {
    result.messages.push({ ...message, body: Buffer.concat(chunks).toString("latin1") });
    response.end();
  });
});
server.on("clientError", (error, socket) => {
  socket.result.end = error.code || String(error);
  socket.destroy();
});
server.keepAliveTimeout = 0;
server.headersTimeout = 0;
server.requestTimeout = 0;

function read(stream) {
  return new Promise((done) => {
    const socket = new Duplex({ read() {}, write: (chunk, encoding, next) => next(), final: (next) => next() });
    socket.result = { messages: [], end: "" };
    socket.setTimeout = socket.setNoDelay = socket.setKeepAlive = socket.ref = socket.unref = () => socket;
    socket.on("close", () => done(socket.result));
    socket.on("error", () => {});
    server.emit("connection", socket);
    socket.push(stream);
    socket.push(null);
  });
}

async function main() {
  const out = [];
  for (let at = 0; at < input.length; ) {
    const end = input.indexOf(10, at);
    const begin = end + 1;
    at = begin + Number(input.subarray(at, end).toString().split(" ")[1]);
    out.push(read(input.subarray(begin, at)));
    if (out.length % 500 === 0) await Promise.all(out.slice(-500));
  }
  for (const result of await Promise.all(out)) process.stdout.write(JSON.stringify(result) + "\n");
}
main();
