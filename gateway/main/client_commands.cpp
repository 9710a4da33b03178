// client hash, sign: credentials, as whoever gives them out and whoever shows them needs them.
#include <openssl/rand.h>

#include <array>
#include <fstream>
#include <iostream>
#include <memory>

#include "config/client_credentials.h"
#include "config/digest.h"
#include "gateway/credentials/signature.h"
#include "gateway/main/commands.h"

namespace sekisho::console {
namespace {

std::string random_text() {
  std::array<unsigned char, 24> bytes;
  RAND_bytes(bytes.data(), int(bytes.size()));
  return config::sha256_hex({reinterpret_cast<const char*>(bytes.data()), bytes.size()}).substr(0, 48);
}

// A key on standard input is hashed; without one, a new key is made.
int hash_key(const Console& console, bool make) {
  std::string key;
  if (!make) {
    std::getline(std::cin, key);
    if (!key.empty() && key.back() == '\r') key.pop_back();
    if (key.empty()) return console.fail("no key on standard input; --new makes one");
  } else {
    key = random_text();
  }
  json::object result{{"api_key_sha256", config::sha256_hex(key)}};
  if (make) result["api_key"] = key;
  console.print(result,
                (make ? "api_key: " + key + "\n" : "") + "api_key_sha256: " + config::sha256_hex(key) + "\n");
  return done;
}

struct SignArguments {
  std::string key_id, secret_file, method, url, body_file;
};

// "https://gate.example/v1/orders?x=1": the host and the target; nothing when it is no such URL.
std::optional<std::pair<std::string, std::string>> host_and_target(const std::string& url) {
  const auto scheme = url.find("://");
  if (scheme == std::string::npos || (url.substr(0, scheme) != "http" && url.substr(0, scheme) != "https"))
    return std::nullopt;
  const auto host = scheme + 3, path = std::min(url.find_first_of("/?#", host), url.size());
  if (path == host || url.find('#') != std::string::npos) return std::nullopt;
  const auto target = url.substr(path);
  return std::pair(url.substr(host, path - host), target.starts_with('/') ? target : "/" + target);
}

// A reseller's reference: the headers that go with one request.
int sign(const Console& console, const SignArguments& arguments) {
  const auto secret = config::load_secret(arguments.secret_file);
  if (!secret) return console.fail(secret.errors);
  const auto place = host_and_target(arguments.url);
  if (!place) return console.fail("expected a URL such as https://gate.example/v1/number-orders");
  http::Request request;
  request.method = arguments.method;
  request.target = place->second;
  request.headers.add("Host", place->first);
  if (!arguments.body_file.empty()) {
    std::ifstream in(arguments.body_file, std::ios::binary);
    if (!in) return console.fail("cannot read the body: " + arguments.body_file);
    request.body.assign(std::istreambuf_iterator<char>(in), {});
  }
  const auto headers = gateway::sign(request, arguments.key_id, *secret.value, now(), random_text());
  json::object result;
  std::string text;
  for (const auto& header : headers.all()) {
    result[header.name] = header.value;
    text.append(header.name).append(": ").append(header.value) += '\n';
  }
  console.print(result, text);
  return done;
}

}  // namespace

void add_client(CLI::App& app, const Console& console, int& code) {
  auto* client = app.add_subcommand("client", "Credentials of callers");
  client->require_subcommand(1);
  auto* hash =
      client->add_subcommand("hash", "Read a key from standard input and print its hash, or make a new key");
  static bool make = false;
  hash->add_flag("--new", make, "Make a new key and print it with its hash");
  hash->callback([&] { code = hash_key(console, make); });

  auto arguments = std::make_shared<SignArguments>();
  auto* signing = client->add_subcommand("sign", "Print the headers that sign one request (docs/clients.md)");
  signing->add_option("--key-id", arguments->key_id, "The key's id in the clients file")->required();
  signing->add_option("--secret-file", arguments->secret_file, "The file with the key's secret")
      ->required()
      ->type_name("FILE");
  signing->add_option("method", arguments->method, "The request's method")->required();
  signing->add_option("url", arguments->url, "The request's URL")->required();
  signing->add_option("--body", arguments->body_file, "The file with the request's body")->type_name("FILE");
  signing->callback([&console, &code, arguments] { code = sign(console, *arguments); });
}

}  // namespace sekisho::console
