// XML bodies: a small language that every parser reads alike.
#include "policy/xml.h"

#include <gtest/gtest.h>

#include "tests/policy/reads.h"

namespace sekisho::policy {
namespace {

struct XmlOrder : testing::Test, OneRoute {
  XmlOrder() {
    route.order = {.quantity = located("xml:/Order/Quantity"),
                   .number_type = located("const:fixed"),
                   .area = located("xml:/Order/Area?"),
                   .partial = located("xml:/Order/@partial?")};
  }
  std::string told(const std::string& body) { return OneRoute::told({body, "application/xml"}); }
};

TEST_F(XmlOrder, reads_what_every_parser_reads_alike) {
  const std::pair<std::string, std::string> table[] = {
      {"<Order><Quantity>10</Quantity></Order>", "10 fixed"},
      {"<?xml version=\"1.0\"?><Order><Quantity>10</Quantity></Order>", "10 fixed"},
      {"<?xml version='1.0' encoding='utf-8' standalone=\"yes\" ?>\n<Order >\n <Quantity\t>10</Quantity "
       ">\r\n</Order>\n",
       "10 fixed"},
      {" <Order><Quantity>10</Quantity></Order>", "10 fixed"},
      {"<!-- a --><Order><!-- <Quantity>5</Quantity> --><Quantity>10</Quantity></Order><!-- b -->",
       "10 fixed"},
      {"<Order><Quantity>&#49;&#x30;</Quantity></Order>", "10 fixed"},
      {"<Order><Quantity unit='ea'>10</Quantity></Order>", "10 fixed"},
      {"<Order><Quantity>10</Quantity><Area>東&amp;京</Area></Order>", "10 fixed area=東&京"},
      {"<Order><Quantity>10</Quantity><Area>&lt;&gt;&quot;&apos;&#x6771;</Area></Order>",
       "10 fixed area=<>\"'東"},
      {"<Order><Quantity>10</Quantity><Note><![CDATA[<Quantity>5</Quantity>]]> x <b/></Note></Order>",
       "10 fixed"},
      {"<Order><Quantity>10</Quantity><Item><Quantity>5</Quantity></Item></Order>", "10 fixed"},
      {"<Order xmlns=\"urn:carrier:v1\"><Quantity>10</Quantity></Order>", "10 fixed"},
      {"<Order xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"><Quantity>10</Quantity></Order>",
       "10 fixed"},
      {"<Order>text<Quantity>10</Quantity></Order>", "10 fixed"},
      {"<Order a='>' b=\"'\"><Quantity>10</Quantity></Order>", "10 fixed"},
      {"<Order partial='true'><Quantity>10</Quantity></Order>", "10 fixed"},
  };
  for (const auto& [body, expected] : table) EXPECT_EQ(told(body), expected) << body;
}

TEST_F(XmlOrder, refuses_what_parsers_read_differently) {
  const auto order = [](const std::string& inner) { return "<Order>" + inner + "</Order>"; };
  const std::string good = "<Quantity>1</Quantity>";
  std::string deep, shallow;
  for (int i = 0; i < 32; ++i) deep += "<x>", shallow += "</x>";
  std::string attributes;
  for (int i = 0; i < 65; ++i) attributes += " a" + std::to_string(i) + "=''";
  const std::pair<std::string, std::string> table[] = {
      {"", "quantity (xml:/Order/Quantity) is missing"},
      {" ", "it has no element"},
      {"<Other/>", "is missing"},
      {order(""), "is missing"},
      {"<Order/>", "is missing"},
      {order("<Quantity/>"), "is not a plain whole number"},
      {order("<Quantity></Quantity>"), "is not a plain whole number"},
      {order("<Quantity>1<!-- 0 --></Quantity>"), "is not a plain whole number"},
      {order("<Quantity><![CDATA[10]]></Quantity>"), "is not a plain whole number"},
      {order("<Quantity>1<![CDATA[0]]></Quantity>"), "is not a plain whole number"},
      {order("<Quantity>1<b>0</b></Quantity>"), "is not a plain whole number"},
      {order("<Quantity>1<b/></Quantity>"), "is not a plain whole number"},
      {order(good + good), "the element 'Quantity' stands there more than once"},
      {order(good + "<Quantity>1000</Quantity>"), "more than once"},
      {order(good + "<quantity>1000</quantity>"), "differs from 'Quantity' only in case"},
      {order(good) + order("<Quantity>1000</Quantity>"), "it goes on behind its outermost element"},
      {order(good) + "<Quantity>1000</Quantity>", "it goes on behind its outermost element"},
      {"<order>" + good + "</order>", "differs from 'Order' only in case"},
      {"<Order Quantity='1000'>" + good + "</Order>", "an attribute 'Quantity' beside the element"},
      {"<Order quantity='1000'>" + good + "</Order>", "differs from 'Quantity' only in case"},
      {"<Order partial='true'>" + good + "<partial>false</partial></Order>",
       "an element 'partial' beside the attribute"},
      {"<Order a='1' a='2'>" + good + "</Order>", "the attribute 'a' is repeated"},
      {"<Order" + attributes + ">" + good + "</Order>", "more than 64 attributes"},
      {"<!DOCTYPE Order><Order>" + good + "</Order>", "DOCTYPE"},
      {"<!DOCTYPE Order [<!ENTITY q '1000'>]><Order><Quantity>&q;</Quantity></Order>", "DOCTYPE"},
      {order("<Quantity>&q;</Quantity>"), "an entity or a '&'"},
      {order(good + "<Area>&nbsp;</Area>"), "an entity or a '&'"},
      {order(good + "<Area>a&b</Area>"), "an entity or a '&'"},
      {order(good + "<Area a='&q;'/>"), "an entity or a '&'"},
      {order(good + "<Area>&#0;</Area>"), "an entity or a '&'"},
      {order(good + "<Area>&#xD800;</Area>"), "an entity or a '&'"},
      {order(good + "<Area>&#X41;</Area>"), "an entity or a '&'"},
      {order(good + "<Area>&#;</Area>"), "an entity or a '&'"},
      {order(good + "<?php echo 1 ?>"), "a processing instruction"},
      {"<?xml-stylesheet href='a'?>" + order(good), "its declaration is not"},
      {"<?xml version='1.1'?>" + order(good), "its declaration is not"},
      {"<?xml version='1.0' encoding='Shift_JIS'?>" + order(good), "its declaration is not"},
      {"<?xml version='1.0' encoding='UTF-16'?>" + order(good), "its declaration is not"},
      {"<?xml version='1.0' encoding='UTF-7'?>" + order(good), "its declaration is not"},
      {"<?xml encoding='utf-8'?>" + order(good), "its declaration is not"},
      {"<?xml version='1.0' standalone='maybe'?>" + order(good), "its declaration is not"},
      {" <?xml version='1.0'?>" + order(good), "a processing instruction"},
      {"\xef\xbb\xbf" + order(good), "byte order mark"},
      {order(good + "<Area>\xff</Area>"), "not valid UTF-8"},
      {order(good + "<Area>\xed\xa0\x80</Area>"), "not valid UTF-8"},
      {order(good + "<Area>\x01</Area>"), "a character that XML does not allow"},
      {order(good + "<Area>\xef\xbf\xbf</Area>"), "a character that XML does not allow"},
      {order(std::string("<Quantity>1\0</Quantity>", 22)), "a character that XML does not allow"},
      {order("<b:Quantity>1</b:Quantity>"), "the element 'b:Quantity' has a namespace prefix"},
      {order("<Quantity b:nil='true'>1</Quantity>"), "the attribute 'b:nil' has a namespace prefix"},
      {order("<Quantity xmlns='urn:other'>1</Quantity>"), "declared below the outermost element"},
      {"<Order xmlns='urn\xef\xbb\xbf:o'>" + good + "</Order>", "is not a plain absolute URI"},
      {"<Order xmlns='carrier'>" + good + "</Order>", "is not a plain absolute URI"},
      {"<Order xmlns='http://a:b/'>" + good + "</Order>", "is not a plain absolute URI"},
      {"<Order xmlns='urn:a##'>" + good + "</Order>", "is not a plain absolute URI"},
      {"<Order xmlns='urn:a b'>" + good + "</Order>", "is not a plain absolute URI"},
      {"<Order xmlns:x=''>" + good + "</Order>", "in a way that namespaces forbid"},
      {"<Order xmlns:xml='urn:x'>" + good + "</Order>", "in a way that namespaces forbid"},
      {"<Order xmlns='http://www.w3.org/2000/xmlns/'>" + good + "</Order>",
       "in a way that namespaces forbid"},
      {"<b:Order xmlns:b='urn:b'>" + good + "</b:Order>", "has a namespace prefix"},
      {order(good) + "x", "text stands outside"},
      {"x" + order(good), "text stands outside"},
      {order(good) + "&#32;", "text stands outside"},
      {order(good) + "<![CDATA[]]>", "stands outside of the element"},
      {order(good + "]]>"), "text holds ']]>'"},
      {order(good + "<!-- a -- b -->"), "holds '--'"},
      {order(good + "<!-- a"), "a comment is not closed"},
      {order(good + "<![CDATA[ a"), "a CDATA section is not closed"},
      {order(good + "<!ELEMENT a>"), "a DOCTYPE or another declaration"},
      {"<Order>" + good, "an element is not closed"},
      {"<Order>" + good + "</order>", "an end tag does not fit"},
      {order("<Quantity>1</Order></Quantity>"), "an end tag does not fit"},
      {order(good) + "</Order>", "an end tag does not fit"},
      {order(good + "<a b></a>"), "an attribute has no value"},
      {order(good + "<a b=c></a>"), "not in quotes"},
      {order(good + "<a b='c></a>"), "not closed"},
      {order(good + "<a b='<'></a>"), "holds '<'"},
      {order(good + "<a b='1'c='2'></a>"), "a tag is not closed"},
      {order(good + "< a></a>"), "begins no tag"},
      {order(good + "<1></1>"), "begins no tag"},
      {order(good + "<数/>"), "begins no tag"},
      {order(good + "<a"), "a tag is not closed"},
      {order(good + deep + shallow), "deeper than 32 levels"},
      {order(good + "<Area>a\nb</Area>"), "area (xml:/Order/Area?) is not a text"},
  };
  for (const auto& [body, part] : table) {
    const auto answer = told(body);
    EXPECT_TRUE(answer.starts_with("unreadable-order: ")) << body << " " << answer;
    EXPECT_NE(answer.find(part), answer.npos) << body << " " << answer;
  }
}

TEST_F(XmlOrder, takes_plain_whole_numbers_only) {
  for (const auto* value : {"0", "-1", "+1", " 1", "1 ", "\n1\n", "01", "1.0", "1e3", "0x10", "1,000", "１０",
                            "ten", "1&#10;", "&#32;1", "1000000000000000000", "NaN"})
    EXPECT_EQ(told("<Order><Quantity>" + std::string(value) + "</Quantity></Order>"),
              "unreadable-order: quantity (xml:/Order/Quantity) is not a plain whole number of at least 1")
        << value;
}

TEST_F(XmlOrder, counts_and_adds_up) {
  const std::string list = "xml:/Order/List/Number";
  route.order = {.quantity = located("count(" + list + ")"),
                 .number_type = located("const:fixed"),
                 .numbers = located(list)};
  const auto numbers = [](const std::string& inner) { return "<Order><List>" + inner + "</List></Order>"; };
  EXPECT_EQ(told(numbers("<Number>0312345678</Number>\n<Number>+81 3-1234-5679</Number>")),
            "2 fixed numbers=0312345678,0312345679");
  EXPECT_NE(told(numbers("<Number>0312345678</Number></List><List><Number>0312345679</Number>"))
                .find("the element 'List' stands there more than once"),
            std::string::npos);
  EXPECT_NE(told(numbers("<Number>0312345678</Number><number>0312345679</number>")).find("only in case"),
            std::string::npos);
  EXPECT_NE(told(numbers("<Number>0312345678<b/></Number>")).find("not a telephone number"),
            std::string::npos);
  EXPECT_NE(told(numbers("")).find("is missing"), std::string::npos);

  route.order = {.quantity = located("sum(xml:/Order/Item/Quantity)"), .number_type = located("const:fixed")};
  EXPECT_EQ(
      told(
          "<Order><Id>1</Id><Item><Quantity>2</Quantity></Item><Item><Quantity>30</Quantity></Item></Order>"),
      "32 fixed");
  EXPECT_NE(told("<Order><Item><Quantity>2</Quantity></Item><Item/></Order>").find("missing in others"),
            std::string::npos);
  EXPECT_NE(told("<Order><Item><Quantity>2</Quantity><Quantity>30</Quantity></Item></Order>")
                .find("the element 'Quantity' stands there more than once"),
            std::string::npos);
  route.order.quantity = located("sum(xml:/Order/Quantity)");
  EXPECT_EQ(told("<Order><Quantity>2</Quantity><Quantity>30</Quantity></Order>"), "32 fixed");
  route.order.quantity = located("sum(xml:/Order/Items/*/Quantity)");
  EXPECT_EQ(told("<Order><Items><A><Quantity>2</Quantity></A><B><Quantity>30</Quantity></B></Items></Order>"),
            "32 fixed");
  EXPECT_NE(
      told("<Order><Items><A><Quantity>2</Quantity></A></Items><Items/></Order>").find("more than once"),
      std::string::npos);
  route.order.quantity = located("sum(xml:/Order/Item/@n)");
  EXPECT_EQ(told("<Order><Item n='2'/><Item n='30'/></Order>"), "32 fixed");
}

TEST_F(XmlOrder, is_trimmed_in_place) {
  const std::pair<std::string, std::string> table[] = {
      {"<Order partial='true'><Quantity>10</Quantity></Order>",
       "<Order partial='true'><Quantity>7</Quantity></Order>"},
      {"<Order partial='true'><a>10</a><Quantity u='10'>&#49;0</Quantity><b>10</b></Order>",
       "<Order partial='true'><a>10</a><Quantity u='10'>7</Quantity><b>10</b></Order>"},
      {"<Order><Quantity>10</Quantity></Order>", "no trim"},
  };
  for (const auto& [body, expected] : table) EXPECT_EQ(trimmed({body, "text/xml"}, 7), expected) << body;
  route.order.quantity = located("xml:/Order/@n");
  EXPECT_EQ(trimmed({"<Order n='10' partial='true'/>", "text/xml"}, 7), "<Order n='7' partial='true'/>");
}

TEST(XmlAnswer, is_read_less_narrowly) {
  Xml xml;
  const std::string answer =
      "<r:OrderResponse xmlns:r='urn:r' xmlns='urn:x'><Number xmlns='urn:y' "
      "r:a='1'>1</Number></r:OrderResponse>";
  EXPECT_EQ(xml.read(answer, Writer::carrier), "");
  EXPECT_NE(xml.read(answer, Writer::caller), "");
  const std::string list = "<R><L><N>0312345678</N></L><L><N>0312345679</N></L></R>";
  ASSERT_EQ(xml.read(list, Writer::carrier), "");
  Found found;
  xml.find(std::get<Locator>(parse_locator("xml:/R/L/N")).steps, Xml::Repeats::last, found);
  EXPECT_EQ(found.values.size(), 2u);
}

}  // namespace
}  // namespace sekisho::policy
