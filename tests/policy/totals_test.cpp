// count(...), sum(...) and span(...) over nothing, over values of several kinds, and over what is repeated.
#include "tests/policy/json_order.h"

namespace sekisho::policy {
namespace {

struct Totals : JsonOrder {
  std::string form(const std::string& locator, const std::string& body) {
    route.order = {.quantity = located(locator)};
    return OneRoute::told({body, "application/x-www-form-urlencoded"});
  }
  std::string xml(const std::string& locator, const std::string& body) {
    route.order = {.quantity = located(locator)};
    return OneRoute::told({body, "application/xml"});
  }
};

const std::string too_few = "is not a plain whole number of at least 1";

TEST_F(Totals, over_nothing_are_never_an_order_for_none) {
  for (const std::string text : {"count(json:/items/*)", "sum(json:/items/*)", "sum(amount(json:/items/*))"})
    expect(text, {{R"({"items":[]})", too_few},
                  {R"({"items":null})", "is missing"},
                  {R"({"items":[null]})", "is missing"},
                  {R"({})", "is missing"},
                  {"", "is missing"},
                  {R"({"items":""})", "not a list"},
                  {R"({"items":{}})", "not a list"},
                  {R"([])", "was looked for in a list"}});
  expect("sum(json:/items/[a=b]/n)",
         {{R"({"items":[]})", too_few}, {R"({"items":[{"a":"c","n":1}]})", too_few}});
  expect("count(json:/**/n)", {{R"({})", "is missing"}, {R"([])", "is missing"}, {"7", "is missing"}});
  for (const std::string text : {"count(form:n)", "sum(form:n)"}) {
    EXPECT_NE(form(text, "").find("is missing"), std::string::npos);
    EXPECT_NE(form(text, "m=1").find("is missing"), std::string::npos);
  }
  for (const std::string text : {"count(xml:/R/N)", "sum(xml:/R/N)", "count(xml:/R/N/*)"})
    EXPECT_NE(xml(text, "<R/>").find("is missing"), std::string::npos) << text;
  EXPECT_NE(xml("count(xml:/R/*)", "<R/>").find(too_few), std::string::npos);
  EXPECT_NE(xml("count(xml:/R/*)", "<S/>").find("is missing"), std::string::npos);
}

TEST_F(Totals, count_what_stands_there_whatever_it_is_but_no_list) {
  expect("count(json:/items/*)", {{R"({"items":[1,"",true,{},2.5]})", "5"},
                                  {R"({"items":[1,null]})", "missing in others"},
                                  // One element or three numbers?
                                  {R"({"items":[["a","b","c"]]})", "counts a list as one"},
                                  {R"({"items":[1,[]]})", "counts a list as one"}});
  expect("count(json:/items)", {{R"({"items":"a"})", "1"},
                                {R"({"items":{}})", "1"},
                                {R"({"items":["a","b"]})", "counts a list as one"},
                                {R"({"items":[]})", "counts a list as one"}});
  EXPECT_EQ(xml("count(xml:/R/N)", "<R><N/><N>1</N><N><M/></N><N><!-- x --></N></R>"), "4");
  EXPECT_EQ(form("count(form:n)", "n=&n=1&n"), "3");
}

TEST_F(Totals, add_up_plain_whole_numbers_alone) {
  expect("sum(json:/items/*)", {{R"({"items":[1,"20",300]})", "321"},
                                {R"({"items":[1,true]})", "adds up something"},
                                {R"({"items":[1,""]})", "adds up something"},
                                {R"({"items":[1,2.0]})", "adds up something"},
                                {R"({"items":[1,"2 ea"]})", "adds up something"},
                                {R"({"items":[1,[2]]})", "adds up something"},
                                {R"({"items":[1,{"n":2}]})", "adds up something"},
                                {R"({"items":[1,null]})", "missing in others"},
                                {R"({"items":[5,0]})", "adds up something"},
                                {R"({"items":[5,-4]})", "adds up something"},
                                {R"({"items":["999999999999999999",1]})", "adds up to too much"},
                                {R"({"items":["999999999999999998",1]})", "999999999999999999"}});
  expect("sum(amount(json:/items/*))", {{R"({"items":["10 ea","5",1]})", "16"},
                                        {R"({"items":["10 ea","1 dz"]})", "adds up something"},
                                        {R"({"items":["10 ea","0 ea"]})", "adds up something"}});
  EXPECT_EQ(form("sum(form:n)", "n=1&n=20"), "21");
  EXPECT_NE(form("sum(form:n)", "n=1&n=").find("adds up something"), std::string::npos);
  EXPECT_NE(form("sum(form:n)", "n=1&n=%EF%BC%91").find("adds up something"), std::string::npos);
  EXPECT_EQ(xml("sum(xml:/R/N)", "<R><N>1</N><N>20</N></R>"), "21");
  EXPECT_NE(xml("sum(xml:/R/N)", "<R><N>1</N><N/></R>").find("adds up something"), std::string::npos);
  EXPECT_NE(xml("sum(xml:/R/N)", "<R><N>1</N><N>2<M/></N></R>").find("adds up something"), std::string::npos);
  EXPECT_NE(xml("sum(xml:/R/N)", "<R><N>1</N><N><![CDATA[2]]></N></R>").find("adds up something"),
            std::string::npos);
  EXPECT_NE(xml("sum(xml:/R/N)", "<R><N>1</N><N> 2</N></R>").find("adds up something"), std::string::npos);
}

TEST_F(Totals, refuse_what_is_repeated_where_no_list_is_meant) {
  const std::string locators[] = {"count(json:/items/*)", "sum(json:/items/*)", "json:/items/0"};
  for (const auto& text : locators)
    expect(text, {{R"({"items":[1],"items":[1]})", "the key 'items' is repeated"},
                  {R"({"items":[1],"Items":[1]})", "only in case"}});
  expect("sum(json:/items/*/n)", {{R"({"items":[{"n":1,"n":2}]})", "the key 'n' is repeated"},
                                  {R"({"items":[{"n":1},{"n":1,"N":2}]})", "only in case"}});
  EXPECT_EQ(xml("sum(xml:/R/I/N)", "<R><I><N>1</N></I><I><N>20</N></I></R>"), "21");
  EXPECT_NE(xml("sum(xml:/R/I/N)", "<R><I><N>1</N><N>20</N></I></R>").find("more than once"),
            std::string::npos);
  EXPECT_NE(xml("count(xml:/R/L/N)", "<R><L><N/></L><L><N/></L></R>").find("more than once"),
            std::string::npos);
  EXPECT_NE(form("sum(form:n)", "n=1&N=2").find("some servers take for 'n'"), std::string::npos);
  EXPECT_NE(form("sum(form:n)", "n=1&n[]=2").find("some servers take for 'n'"), std::string::npos);
  EXPECT_NE(form("sum(form:n)", "n=1&m=1&m=2").find("the field 'm' is repeated"), std::string::npos);
}

TEST_F(Totals, span_has_two_ends_of_one_kind_each_there_once) {
  expect("span(json:/r/0, json:/r/1)",
         {{R"({"r":[5,9]})", "5"},
          {R"({"r":["5",9]})", "5"},
          {R"({"r":[5]})", "is missing"},
          {R"({"r":[5,null]})", "is missing"},
          {R"({"r":[true,9]})", "an end that is no number"},
          {R"({"r":[[5],9]})", "an end that is no number"},
          {R"({"r":["5","0312345678"]})", "an integer at one end"},
          {R"({"r":["05","09"]})", "neither a plain integer"},
          {R"({"r":[9007199254740993,9007199254740994]})", "an end that is no number"},
          {R"({"r":[9,5]})", "ends before it begins"}});
  EXPECT_EQ(xml("span(xml:/R/@from, xml:/R/@to)", "<R from='5' to='9'/>"), "5");
  EXPECT_NE(xml("span(xml:/R/F, xml:/R/L)", "<R><F>1</F><L>2</L><L>9</L></R>").find("more than once"),
            std::string::npos);
  EXPECT_EQ(form("span(form:from, form:to)", "from=0312345678&to=%2B81312345679"), "2");
  EXPECT_NE(form("span(form:from, form:to)", "from=5&to=9&to=5").find("the field 'to' is repeated"),
            std::string::npos);
}

TEST_F(Totals, of_an_answer_may_be_none) {
  const ResultRule rules[] = {{.granted = located("count(json:/items/*)")},
                              {.granted = located("sum(json:/items/*)")},
                              {.granted = located("sum(json:/items/*)?")}};
  for (const auto& rule : rules) {
    route.results = {rule};
    const auto outcome = [&](const std::string& body) {
      return read_outcome({&carrier, &route, {}}, 200, body);
    };
    EXPECT_EQ(outcome(R"({"items":[]})").kind, Outcome::Kind::finished);
    EXPECT_EQ(outcome(R"({"items":[]})").granted, 0);
    // Silence is not "none".
    for (const auto* body : {R"({})", R"({"items":null})", "", R"({"items":7})", R"({"items":[null,1]})"})
      EXPECT_EQ(outcome(body).kind, Outcome::Kind::unknown) << body << rule.granted->source;
  }
}

}  // namespace
}  // namespace sekisho::policy
