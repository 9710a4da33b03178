// What is wrong with a carrier's file, and the place and the words it is told with.
#include "config/installation.h"
#include "tests/config/zoo.h"

namespace sekisho::config {
namespace {

// One route of a carrier, broken.
#define ROUTE(text) "routes:\n  - " text "\n"
TEST(CarrierZoo, files) {
  const auto zoo = {
      Broken{"carrier: a\n", "1:1: the file needs 'upstream'"},
      Broken{"upstream: { endpoints: [\"127.0.0.1\"] }\n",
             "2:25: an endpoint begins with https:// or http://"},
      Broken{"upstream: { endpoints: [\"http://u:p@h\"] }\n", "2:25: an endpoint has no credentials"},
      Broken{"upstream: { endpoints: [\"http://h:0\"] }\n", "2:25: expected https://host[:port]"},
      Broken{"upstream: { endpoints: [\"http://h\", \"https://i\"] }\n",
             "2:24: all endpoints of a carrier are https or none is"},
      Broken{"upstream: { endpoints: [\"http://h\"], tls: { ca: x } }\n",
             "2:43: 'tls' is for endpoints that begin with https://"},
      Broken{"upstream: { endpoints: [\"https://h\"], tls: { ca: none.pem } }\n",
             "2:44: none.pem: cannot be read"},
      Broken{"upstream: { endpoints: [\"http://h/a?b\"] }\n", "2:25: an endpoint's path is plain"},
      Broken{"upstream: { endpoints: [\"http://h\", \"http://h:80\"] }\n",
             "2:37: the endpoint h:80 stands in this list twice"},
      Broken{"upstream: { headers: { Transfer-Encoding: chunked } }\n",
             "2:24: the header 'Transfer-Encoding' is the gate's own business"},
      Broken{"upstream: { headers: { host: a } }\n", "2:24: the header 'host' is the gate's own business"},
      Broken{"upstream: { headers: { Sekisho-Operator: a } }\n",
             "2:24: the header 'Sekisho-Operator' is the gate's"},
      Broken{"upstream: { headers: { A: \"x\\r\\nB: y\" } }\n",
             "2:27: the value of 'A' must be printable ASCII"},
      Broken{"upstream: { headers: { A: x, a: y } }\n", "2:30: the header 'a' is 'A' again"},
      Broken{"upstream: { pool: { connections: 0 } }\n", "2:34: '0' is too little; at least 1"},
      Broken{"upstream: { timeouts: { connect: soon } }\n", "2:34: expected a duration"},
      Broken{"number_types: { FIXED: landline }\n", "2:24: 'landline' is not one of fixed,"},
      Broken{"routes: []\n", "2:9: expected a list of routes"},
      Broken{ROUTE("{ match: /v1/x, operation: pass }"), "3:14: expected a method (GET, HEAD"},
      Broken{ROUTE("{ match: POST v1/x, operation: pass }"), "3:14: the path of a route begins with '/'"},
      Broken{ROUTE("{ match: POST /a//b, operation: pass }"), "3:14: the path holds '//'"},
      Broken{ROUTE("{ match: POST /a/../b, operation: pass }"), "3:14: '..' is no part of a path"},
      Broken{ROUTE("{ match: \"POST /a/x{id}\", operation: pass }"), "3:14: 'x{id}' is no part of a path"},
      Broken{ROUTE("{ match: \"POST /{id}/{id}\", operation: pass }"),
             "3:14: the parameter {id} stands twice"},
      Broken{ROUTE("{ match: \"POST /a/{id}{x}\", operation: pass }"),
             "3:14: '{id}{x}' is no part of a path"},
      Broken{ROUTE("{ match: \"POST /{id}/{id}:rent\", operation: pass }"),
             "3:14: the parameter {id} stands twice"},
      Broken{ROUTE("{ match: \"POST /a/{x}:rent\", operation: pass }\n"
                   "  - { match: \"POST /a/{y}:rent\", operation: pass }"),
             "4:14: takes the same calls as 'POST /a/{x}:rent' above"},
      Broken{ROUTE("{ match: POST /a, operation: allocate, order: { quantity: [ 'const:1', json:/q ] } }"),
             "3:65: a constant stands for what no other place says: write it last"},
      Broken{ROUTE("{ match: POST /a, operation: allocate, order: { quantity: [ json:/q, 'form:q' ] } }"),
             "3:63: the locator 'form:q' and 'json:/q' above look into one body"},
      Broken{ROUTE("{ match: POST /a, operation: allocate, order: { area: [ 'json:/q?', json:/r ] } }"),
             "3:61: 'json:/q?' cannot be one of several places"},
      Broken{ROUTE("{ match: POST /a, operation: transfer, order: { receiver: json:/r } }"),
             "3:51: the order of 'transfer' needs 'numbers'"},
      Broken{ROUTE("{ match: POST /a, operation: search, order: { order_id: json:/r }, result: [ { on: 200, "
                   "granted: "
                   "all, order_id: json:/i } ] }"),
             "3:102: 'all' is what an order asked for"},
      Broken{ROUTE("{ match: POST /a, operation: alocate }"), "3:34: 'alocate' is not one of"},
      Broken{ROUTE("{ match: POST /a, operation: allocate }"),
             "3:5: the order of 'allocate' needs 'quantity'"},
      Broken{ROUTE("{ match: POST /a, operation: allocate }"), "3:5: 'allocate' needs 'result'"},
      Broken{ROUTE("{ match: POST /a, operation: allocate, order: { quantity: json:/q } }"),
             "3:51: the order of 'allocate' needs 'number_type'"},
      Broken{ROUTE("{ match: POST /a, operation: allocate, order: { quantity: 5 } }"),
             "3:63: the locator '5' has no kind"},
      Broken{ROUTE("{ match: POST /a, operation: allocate, order: { quantity: 'json:/q?' } }"),
             "3:63: the locator 'json:/q?' must not be optional"},
      Broken{ROUTE("{ match: POST /a, operation: allocate, order: { quantity: 'json:/q/*' } }"),
             "3:63: the locator 'json:/q/*' may find several values; this field is one"},
      Broken{ROUTE("{ match: POST /a, operation: allocate, order: { quantity: path:id } }"),
             "3:63: the locator 'path:id' names no parameter of 'POST /a'"},
      Broken{ROUTE("{ match: POST /a, operation: allocate, order: { quantity: const:many } }"),
             "3:63: the locator 'const:many' is not a plain whole number"},
      Broken{ROUTE("{ match: POST /a, operation: allocate, order: { number_type: 'count(json:/q/*)' } }"),
             "3:66: the locator 'count(json:/q/*)' is a number, and this field is not"},
      Broken{ROUTE("{ match: POST /a, operation: allocate, order: { number_type: json:/t } }"),
             "3:66: the carrier's words for it are missing: add 'number_types'"},
      Broken{ROUTE("{ match: POST /a, operation: allocate, order: { number_type: const:FIX } }"),
             "3:66: 'FIX' is neither a number type nor one of the carrier's words for one"},
      Broken{ROUTE("{ match: HEAD /a, operation: allocate, order: { quantity: json:/q } }"),
             "3:63: the locator 'json:/q' looks into a body, and HEAD has none"},
      Broken{ROUTE("{ match: POST /a, operation: allocate, order: { quantity: 'json:/**/q' } }"),
             "3:63: the locator 'json:/**/q' may find several values; this field is one"},
      Broken{ROUTE("{ match: POST /a, operation: allocate, order: { quantity: 'amount(json:/a/*)' } }"),
             "3:63: the locator 'amount(json:/a/*)' may find several values; this field is one"},
      Broken{ROUTE("{ match: POST /a, operation: allocate, order: { quantity: 'json:/a/[b]/q' } }"),
             "3:63: the locator 'json:/a/[b]/q' has the filter '[b]'; write it as '[key=value]'"},
      Broken{ROUTE("{ match: POST /a, operation: allocate, order: { quantity: 'recall(json:/id)?' } }"),
             "3:63: the locator 'recall(json:/id)?' must not be optional"},
      Broken{ROUTE("{ match: POST /a, operation: allocate, order: { quantity: 'span(json:/a, path:b)' } }"),
             "3:63: the locator 'span(json:/a, path:b)' names no parameter of 'POST /a'"},
      Broken{ROUTE("{ match: POST /a, operation: allocate, order: { area: 'recall(json:/id)' } }"),
             "3:59: the locator 'recall(json:/id)' recalls the quantity and the type of an earlier answer"},
      Broken{ROUTE("{ match: POST /a, operation: allocate, order: { area: 'amount(json:/a)' } }"),
             "3:59: the locator 'amount(json:/a)' is a number, and this field is not"},
      Broken{ROUTE("{ match: POST /a, operation: allocate, order: { chain: 'span(json:/a, json:/b)' } }"),
             "3:60: the locator 'span(json:/a, json:/b)' is a number, and this field is not"},
      Broken{ROUTE("{ match: POST /a, operation: allocate, order: { quantity: form:q, area: 'xml:/a' } }"),
             "3:77: the locator 'xml:/a' and 'form:q' above look into one body, which has one format"},
      Broken{ROUTE("{ match: POST /a, operation: allocate, order: { quantity: xml:Order/Quantity } }"),
             "3:63: the locator 'xml:Order/Quantity' must begin with '/', as in 'xml:/Order/Quantity'"},
      Broken{ROUTE("{ match: POST /a, operation: allocate, result: [ { on: 201, granted: json:/g, order_id: "
                   "'xml:/i' } ] }"),
             "3:93: the locator 'xml:/i' and 'json:/g' above look into one body"},
      Broken{ROUTE("{ match: POST /a, operation: allocate, result: [ { on: 201, granted: token:n } ] }"),
             "3:74: the locator 'token:n' looks into a token, and an answer has none"},
      Broken{
          ROUTE(
              "{ match: POST /a, operation: allocate, result: [ { on: 201, granted: 'recall(json:/i)' } ] }"),
          "3:74: the locator 'recall(json:/i)' recalls"},
      Broken{ROUTE("{ match: POST /a, operation: allocate, order: { quantty: json:/q } }"),
             "3:53: unknown key 'quantty' in 'order'; did you mean 'quantity'?"},
      Broken{ROUTE("{ match: GET /a, operation: status }"), "3:5: the order of 'status' needs 'order_id'"},
      Broken{ROUTE("{ match: POST /a, operation: release, result: [ { on: 2xx, released: 1 } ] }"),
             "3:5: the order of 'release' needs 'numbers' or 'order_id'"},
      Broken{ROUTE("{ match: POST /a, operation: release, order: { quantity: json:/q } }"),
             "3:62: 'quantity' means nothing for 'release'"},
      Broken{ROUTE("{ match: POST /a, operation: pass, order: { quantity: json:/q } }"),
             "3:47: 'pass' is not inspected"},
      Broken{ROUTE("{ match: GET /a, operation: search, result: [ { on: 200, granted: 1 } ] }"),
             "3:51: what a search found is recalled by 'order_id'; say where the answer has it"},
      Broken{ROUTE("{ match: GET /a, operation: search, result: [ { on: 200, order_id: json:/i, state: "
                   "json:/s } ] }"),
             "3:88: a search gives nothing"},
      Broken{ROUTE("{ match: POST /a, operation: reserve, result: [ { on: 201, granted: 1 } ] }"),
             "3:53: a reservation needs 'order_id'"},
      Broken{ROUTE("{ match: 'POST /a/{i}', operation: confirm, order: { quantity: json:/q } }"),
             "3:56: the order of 'confirm' needs 'order_id': which reservation is meant"},
      Broken{
          ROUTE(
              "{ match: POST /a, operation: cancel, order: { order_id: json:/i }, result: [ { on: 200 } ] }"),
          "3:82: this entry needs 'granted' (what of the order stays, mostly 0)"},
      Broken{ROUTE("{ match: POST /a, operation: transfer, order: { numbers: json:/n, number_type: "
                   "const:fixed } }"),
             "3:51: the order of 'transfer' needs 'receiver': the operator that is given the numbers"},
      Broken{ROUTE("{ match: POST /a, operation: allocate, order: { receiver: json:/to } }"),
             "3:63: only a transfer has a receiver"},
      Broken{ROUTE("{ match: POST /a, operation: capacity, order: { quantity: json:/q } }"),
             "3:63: capacity is in 'channels', and gives no numbers"},
      Broken{ROUTE("{ match: POST /a, operation: status, poll: 30s, order: { order_id: json:/i } }"),
             "3:48: the gate asks with GET only"},
      Broken{
          ROUTE("{ match: 'GET /a/{b}/{i}', operation: status, poll: 30s, order: { order_id: path:i } }"),
          "3:57: the gate can ask by itself only where the order's id in path or query is all that changes"},
      Broken{ROUTE("{ match: GET /a, operation: search, remember: 0s }"),
             "3:51: '0s' is too little; at least 1s"},
      Broken{ROUTE("{ match: POST /a, operation: allocate, remember: 1h }"),
             "3:54: only the answer to a search or a reservation is recalled later"},
      Broken{ROUTE("{ match: GET /a, operation: status, webhook: { signature: hmac-sha256, header: S, "
                   "secret: k } }"),
             "3:50: a webhook has a body: its method is POST or PUT"},
      Broken{ROUTE("{ match: POST /a, operation: search, webhook: { signature: hmac-sha256, header: S, "
                   "secret: k } }"),
             "3:51: a webhook tells how an order ended: write 'operation: status'"},
      Broken{
          ROUTE("{ match: POST /a, operation: status, webhook: { signature: md5, header: S, secret: k } }"),
          "3:64: 'md5' is not one of hmac-sha256, ed25519"},
      Broken{ROUTE("{ match: POST /a, operation: status, webhook: { signature: ed25519, header: S, "
                   "public_key: k } }"),
             "3:96: expected an Ed25519 public key, 32 bytes in base64"},
      Broken{
          ROUTE(
              "{ match: POST /a, operation: status, webhook: { signature: hmac-sha256, header: S, secret: k, "
              "covers: '{timestamp}{body}' } }"),
          "3:107: signs a time: name the header in which it comes as 'timestamp'"},
      Broken{
          ROUTE(
              "{ match: POST /a, operation: status, webhook: { signature: hmac-sha256, header: S, secret: k, "
              "timestamp: T } }"),
          "3:110: is not signed: let 'covers' name it"},
      Broken{ROUTE("{ match: POST /a, operation: status, webhook: { signature: hmac-sha256, header: S, "
                   "secret: k }, "
                   "order: { order_id: json:/i }, result: [ { on: 200, granted: 1 } ] }"),
             "3:147: a webhook has no status"},
      Broken{ROUTE("{ match: POST /a, operation: allocate, result: [ { on: 99, granted: 1 } ] }"),
             "3:60: expected a final HTTP status such as 201 or 4xx, not '99'"},
      Broken{ROUTE("{ match: POST /a, operation: allocate, result: [ { granted: 1 } ] }"),
             "3:54: an answer needs 'on'"},
      Broken{ROUTE("{ match: POST /a, operation: allocate, result: [ { on: 4xx, granted: 0 } ] }"),
             "3:52: no entry reads a success (2xx)"},
      Broken{ROUTE("{ match: POST /a, operation: allocate, result: [ { on: 201 } ] }"),
             "3:54: this entry needs 'granted'"},
      Broken{ROUTE("{ match: POST /a, operation: allocate, result: [ { on: 202, pending: yes } ] }"),
             "3:54: a pending order needs 'order_id'"},
      Broken{
          ROUTE("{ match: POST /a, operation: allocate, result: [ { on: 202, pending: yes, granted: 1 } ] }"),
          "3:88: 'granted' contradicts 'pending'"},
      Broken{ROUTE("{ match: POST /a, operation: allocate, result: [ { on: 2xx, granted: 1 }, { on: 201, "
                   "granted: 1 } ] }"),
             "3:85: this never applies: an earlier entry reads these answers"},
      Broken{
          ROUTE(
              "{ match: POST /a, operation: allocate, result: [ { on: 201, granted: 1, state: json:/s } ] }"),
          "3:84: 'state' (where the word stands) and 'states'"},
      Broken{ROUTE("{ match: POST /a, operation: allocate, result: [ { on: 201, states: { ok: good } } ] }"),
             "3:79: 'good' is not one of done, failed, pending"},
      Broken{ROUTE("{ match: POST /a, operation: allocate, result: [ { on: 201, granted: -1 } ] }"),
             "3:74: the locator '-1' has no kind"},
      Broken{ROUTE("{ match: POST /a, operation: allocate, result: [ { on: 201, released: 1 } ] }"),
             "3:75: 'allocate' releases nothing"},
      Broken{
          ROUTE("{ match: \"GET /a/{x}\", operation: pass }\n  - { match: \"GET /a/{y}\", operation: pass }"),
          "4:14: takes the same calls as 'GET /a/{x}' above"},
  };
  expect_errors(
      "sekisho/carrier/v1", [](auto& file) { return load_carrier(file); }, zoo);
}

}  // namespace
}  // namespace sekisho::config
