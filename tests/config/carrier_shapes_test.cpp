// Orders as real carriers' APIs have them: an adapter of a few lines each, and what is read out of one call.
#include <gtest/gtest.h>

#include "config/installation.h"
#include "config/numbering_plan_file.h"
#include "policy/reading.h"
#include "tests/config/written.h"

namespace sekisho::config {
namespace {

struct Shape {
  std::string name, call, order, type, query, body, expected;
};

// "10 fixed ref=r-1", or why not.
std::string read(const Shape& shape) {
  Folder folder;
  const auto file =
      folder.write("carrier.yaml",
                   "schema: sekisho/carrier/v1\ncarrier: a\nupstream: { endpoints: [\"http://h\"] }\n"
                   "number_types: { local: fixed, TOLL_FREE: toll_free_0120 }\nroutes:\n  - match: \"" +
                       shape.call + "\"\n    operation: allocate\n    order: " + shape.order +
                       "\n    result: [ { on: 2xx, granted: 1 } ]\n");
  const auto loaded = load_carrier(file);
  if (!loaded) return print(loaded.errors);
  const std::vector<policy::Carrier> carriers = {*loaded.value};
  const auto space = shape.call.find(' ');
  auto path = shape.call.substr(space + 1);
  const std::pair<std::string, std::string> parameters[] = {{"{account}", "AC1"},
                                                            {"{number}", "05012345678"}};
  for (const auto& [parameter, value] : parameters)
    if (const auto at = path.find(parameter); at != path.npos) path.replace(at, parameter.size(), value);
  const auto match = policy::match_route(carriers, shape.call.substr(0, space), path);
  if (!match) return "no route";
  const policy::Message message{.query = shape.query,
                                .headers =
                                    [&](std::string_view header) {
                                      const bool has = header == "Content-Type" && !shape.type.empty();
                                      return has ? policy::Given{shape.type, 1} : policy::Given();
                                    },
                                .body = shape.body};
  static const auto plan = *load_numbering_plan().value;
  const auto result = policy::read_order(*match, message, plan, policy::JstDate::of(2026, 11, 24));
  if (const auto* refused = std::get_if<policy::Unreadable>(&result)) return refused->detail;
  const auto& order = std::get<policy::Order>(result);
  std::string out = std::to_string(order.quantity);
  if (order.number_type) out += " " + std::string(name(*order.number_type));
  if (!order.reference.empty()) out += " ref=" + order.reference;
  if (!order.recall.empty()) out += " recall=" + order.recall;
  if (!order.numbers.empty()) out += " " + order.numbers.front() + ".." + order.numbers.back();
  if (order.partial) out += " partial";
  return out;
}

TEST(CarrierShapes, are_read_by_their_adapters) {
  const std::string json = "application/json", form = "application/x-www-form-urlencoded",
                    xml = "application/xml";
  const Shape table[] = {
      {"Twilio", "POST /2010-04-01/Accounts/{account}/IncomingPhoneNumbers.json",
       "{ quantity: const:1, number_type: 'type_of(form:PhoneNumber)', numbers: form:PhoneNumber }", form, "",
       "PhoneNumber=%2B815012345678&VoiceUrl=https%3A%2F%2Fa.example%2Fv&FriendlyName=Desk+1",
       "1 ip_050 05012345678..05012345678"},
      {"Vonage", "POST /number/buy", "{ quantity: const:1, number_type: 'type_of(form:msisdn)' }", form,
       "api_key=k&api_secret=s", "country=JP&msisdn=%2B81312345678", "1 fixed"},
      {"Telnyx number order", "POST /v2/number_orders",
       "{ quantity: 'count(json:/phone_numbers/*)', number_type: "
       "'type_of(json:/phone_numbers/*/phone_number)', "
       "reference: 'json:/customer_reference?' }",
       json, "",
       R"({"phone_numbers":[{"phone_number":"+81312345678"},{"phone_number":"+81312345679"}],"customer_reference":"r-1"})",
       "2 fixed ref=r-1"},
      {"Telnyx inexplicit order", "POST /v2/inexplicit_number_orders",
       "{ quantity: 'sum(json:/ordering_groups/*/count_requested)', number_type: const:fixed }", json, "",
       R"({"ordering_groups":[{"count_requested":"10","country_iso":"JP"},{"count_requested":"5"}]})",
       "15 fixed"},
      {"Telnyx block order", "POST /v2/number_block_orders",
       "{ quantity: json:/range, number_type: 'type_of(json:/starting_number)' }", json, "",
       R"({"starting_number":"+81312340000","range":100})", "100 fixed"},
      {"a block by its ends", "POST /blocks",
       "{ quantity: 'span(json:/from, json:/to)', number_type: 'type_of(span(json:/from, json:/to))', "
       "numbers: 'span(json:/from, json:/to)' }",
       json, "", R"({"from":"03-1234-0000","to":"03-1234-0099"})", "100 fixed 0312340000..0312340099"},
      {"Bandwidth search and order", "POST /v1.0/accounts/{account}/orders",
       "{ quantity: xml:/Order/AreaCodeSearchAndOrderType/Quantity, number_type: const:local, "
       "reference: 'xml:/Order/CustomerOrderId?', partial: 'xml:/Order/PartialAllowed?' }",
       xml, "",
       "<?xml version=\"1.0\"?>\n<Order>\n "
       "<Name>n</Name><CustomerOrderId>r-1</CustomerOrderId><SiteId>743</SiteId>\n"
       " <PartialAllowed>true</PartialAllowed>\n <AreaCodeSearchAndOrderType><AreaCode>03</AreaCode>"
       "<Quantity>10</Quantity></AreaCodeSearchAndOrderType>\n</Order>",
       "10 fixed ref=r-1 partial"},
      {"Bandwidth existing numbers", "POST /v1.0/accounts/{account}/orders",
       "{ quantity: "
       "'count(xml:/Order/ExistingTelephoneNumberOrderType/TelephoneNumberList/TelephoneNumber)', "
       "number_type: const:local }",
       "text/xml; charset=utf-8", "",
       "<Order><ExistingTelephoneNumberOrderType><TelephoneNumberList><TelephoneNumber>0312345678</"
       "TelephoneNumber>"
       "<TelephoneNumber>0312345679</TelephoneNumber></TelephoneNumberList></"
       "ExistingTelephoneNumberOrderType></Order>",
       "2 fixed"},
      {"DIDWW", "POST /v3/orders",
       "{ quantity: 'sum(json:/data/attributes/items/[type=did_order_items]/attributes/qty)', number_type: "
       "const:fixed, "
       "reference: 'json:/data/attributes/external_reference_id?' }",
       "application/vnd.api+json", "",
       R"({"data":{"type":"orders","attributes":{"external_reference_id":"r-1","items":[{"type":"did_order_items",
          "attributes":{"qty":2,"sku_id":"s"}},{"type":"capacity_order_items","attributes":{"qty":30}},
          {"type":"did_order_items","attributes":{"qty":1}}]}}})",
       "3 fixed ref=r-1"},
      {"TMF685 by quantity", "POST /tmf-api/resourcePoolManagement/v1/reservation",
       "{ quantity: 'sum(json:/reservationItem/*/quantity)', number_type: const:fixed }", json, "",
       R"({"reservationItem":[{"quantity":2},{"quantity":30}]})", "32 fixed"},
      {"TMF685 by capacity", "POST /tmf-api/resourcePoolManagement/v1/reservation",
       "{ quantity: 'sum(amount(json:/reservationItem/*/resourceCapacity/capacityDemandAmount))', "
       "number_type: const:fixed }",
       json, "", R"({"reservationItem":[{"resourceCapacity":{"capacityDemandAmount":"10000 ea"}}]})",
       "10000 fixed"},
      {"TMF652", "POST /tmf-api/resourceOrderingManagement/v4/resourceOrder",
       "{ quantity: 'sum(json:/orderItem/[action=add]/quantity)', number_type: const:fixed, "
       "reference: 'json:/externalId?' }",
       "application/json;charset=utf-8", "",
       R"({"externalId":"r-1","orderItem":[{"action":"add","quantity":5},{"action":"no_change","quantity":7}]})",
       "5 fixed ref=r-1"},
      {"TMF622, nested", "POST /tmf-api/productOrderingManagement/v4/productOrder",
       "{ quantity: 'sum(json:/**/productOrderItem/[action=add]/quantity)', number_type: const:fixed }", json,
       "",
       R"({"relatedParty":[{"role":"reseller"}],"productOrderItem":[{"action":"add","quantity":1,"productOffering":{"id":"o"},
          "productOrderItem":[{"action":"add","quantity":10},{"action":"delete","quantity":4}]}]})",
       "11 fixed"},
      {"Azure, the second step", "POST /availablePhoneNumbers/purchase",
       "{ quantity: 'recall(json:/searchId)', number_type: 'recall(json:/searchId)' }", json, "",
       R"({"searchId":"s-1"})", "0 recall=s-1"},
      {"NTT, a GET with a body", "GET /v1/050voip/service-orders-dx/{number}",
       "{ quantity: const:1, number_type: 'type_of(path:number)', reference: json:/applyNumber }", json, "",
       R"({"ispCode":"i","ispPwd":"secret","applyNumber":"a-7","orderType":"5010"})", "1 ip_050 ref=a-7"},
  };
  for (const auto& shape : table) EXPECT_EQ(read(shape), shape.expected) << shape.name;
}

}  // namespace
}  // namespace sekisho::config
