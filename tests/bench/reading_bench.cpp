// What it costs to read an order of about 400 bytes in each format; and what the reading allocates.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <new>

#include "policy/reading.h"

namespace {
std::size_t allocations = 0;
}

void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace sekisho::policy {
namespace {

std::optional<Locator> at(std::string_view text) { return std::get<Locator>(parse_locator(text)); }

struct Shape {
  const char* type;
  OrderFields fields;
  std::string body;
};

const Carrier carrier{.name = "demo",
                      .number_types = {{"FIXED", NumberType::fixed}, {"IP050", NumberType::ip_050}}};

Shape json() {
  return {
      "application/json",
      {.quantity = at("json:/quantity"),
       .number_type = at("json:/numberType"),
       .area = at("json:/areaCode?"),
       .chain = at("json:/downstream/*?"),
       .reference = at("header:Idempotency-Key?"),
       .partial = at("json:/allowPartial?")},
      R"({"quantity":10,"numberType":"FIXED","areaCode":"03","downstream":[],"allowPartial":false,)"
      R"("customer":{"id":"c-20391","name":"Kaze Tsushin K.K.","site":"Tokyo 1"},"requestedBy":"ops@example.jp",)"
      R"("delivery":{"date":"2026-12-01","window":"AM","contact":{"name":"Sato","phone":"0312345678"}},)"
      R"("features":["cnam","fax","e911"],"callback":"https://reseller.example.jp/hooks/orders/7",)"
      R"("note":"Please keep the block contiguous."})"};
}

Shape form() {
  return {
      "application/x-www-form-urlencoded",
      {.quantity = at("form:Quantity"),
       .number_type = at("form:NumberType"),
       .area = at("form:AreaCode?"),
       .reference = at("header:Idempotency-Key?"),
       .partial = at("form:Partial?")},
      "Quantity=10&NumberType=FIXED&AreaCode=03&Partial=false&CustomerId=c-20391&Name=Kaze%20Tsushin%20K.K."
      "&Site=Tokyo+1&RequestedBy=ops%40example.jp&DeliveryDate=2026-12-01&DeliveryWindow=AM"
      "&ContactName=Sato&ContactPhone=%2B81312345678&Cnam=true&Fax=true&E911=false"
      "&VoiceUrl=https%3A%2F%2Freseller.example.jp%2Fvoice&VoiceMethod=POST&Note=Please+keep+the+block."};
}

Shape xml() {
  return {
      "application/xml",
      {.quantity = at("xml:/Order/Search/Quantity"),
       .number_type = at("xml:/Order/Search/Type"),
       .area = at("xml:/Order/Search/AreaCode?"),
       .reference = at("header:Idempotency-Key?"),
       .partial = at("xml:/Order/PartialAllowed?")},
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Order>\n <CustomerOrderId>c-20391</CustomerOrderId>\n"
      " <Name>Kaze Tsushin K.K.</Name>\n <SiteId>743</SiteId>\n <PeerId>8</PeerId>\n"
      " <PartialAllowed>false</PartialAllowed>\n <BackOrderRequested>false</BackOrderRequested>\n"
      " <Search>\n  <Quantity>10</Quantity>\n  <Type>FIXED</Type>\n  <AreaCode>03</AreaCode>\n </Search>\n"
      " <Contact phone=\"0312345678\">Sato</Contact>\n</Order>\n"};
}

void read(benchmark::State& state, const Shape& shape) {
  const Route route{.method = "POST", .operation = Operation::allocate, .order = shape.fields};
  const RouteMatch match{&carrier, &route, {}};
  const std::string key = "5f0c2b1e-6f0a-4f7e-9d39-2f6f8a9f6d11", type = shape.type;
  const Message message{.headers =
                            [&](std::string_view name) {
                              if (name == "Content-Type") return Given{type, 1};
                              return name == "Idempotency-Key" ? Given{key, 1} : Given();
                            },
                        .body = shape.body};
  const NumberingPlan plan;
  const auto once = read_order(match, message, plan, {});
  if (const auto* refused = std::get_if<Unreadable>(&once))
    return state.SkipWithError(refused->detail.c_str());
  const auto before = allocations;
  for (auto _ : state) benchmark::DoNotOptimize(read_order(match, message, plan, {}));
  const auto all = allocations - before;
  using benchmark::Counter;
  state.counters["bytes"] = double(shape.body.size());
  // One is the order's own: the key that it keeps, of 36 bytes. Whatever has up to 15 needs none.
  state.counters["allocations"] = Counter(double(all), Counter::kAvgIterations);
}

void read_json(benchmark::State& state) { read(state, json()); }
void read_form(benchmark::State& state) { read(state, form()); }
void read_xml(benchmark::State& state) { read(state, xml()); }
BENCHMARK(read_json);
BENCHMARK(read_form);
BENCHMARK(read_xml);

}  // namespace
}  // namespace sekisho::policy

BENCHMARK_MAIN();
