#include "gateway/http/message.h"

#include <gtest/gtest.h>

namespace sekisho::http {
namespace {

std::string text(const Headers& headers) {
  std::string out;
  for (const Header& header : headers.all()) out.append(header.name).append("=").append(header.value) += ' ';
  return out;
}

Headers sample() {
  Headers headers;
  headers.add("A", "1");
  headers.add("B", "2");
  headers.add("a", "3");
  headers.add("C", "4");
  return headers;
}

TEST(Headers, NamesAreComparedWithoutCase) {
  EXPECT_TRUE(same_name("Content-Type", "content-TYPE"));
  EXPECT_FALSE(same_name("Content-Type", "Content-Typ"));
  EXPECT_FALSE(same_name("a[", "a{"));  // they differ by the bit that letters differ by
  EXPECT_FALSE(same_name("a@", "a`"));
}

TEST(Headers, FindTellsTheFirstAndCountAll) {
  const Headers headers = sample();
  EXPECT_EQ(headers.find("a"), "1");
  EXPECT_EQ(headers.count("A"), 2u);
  EXPECT_FALSE(headers.find("D"));
  EXPECT_EQ(headers.count("D"), 0u);
}

TEST(Headers, SetReplacesEveryOneInThePlaceOfTheFirst) {
  Headers headers = sample();
  headers.set("a", "9");
  EXPECT_EQ(text(headers), "A=9 B=2 C=4 ");
  headers.set("D", "5");
  EXPECT_EQ(text(headers), "A=9 B=2 C=4 D=5 ");
}

TEST(Headers, SetMayTakeItsValueFromAHeaderThatGoesAway) {
  Headers headers = sample();
  headers.set("a", headers.all()[2].value);
  EXPECT_EQ(text(headers), "A=3 B=2 C=4 ");
}

TEST(Headers, RemoveKeepsTheOrderOfTheOthers) {
  Headers headers = sample();
  headers.remove("A");
  EXPECT_EQ(text(headers), "B=2 C=4 ");
  headers.remove("nothing");
  EXPECT_EQ(text(headers), "B=2 C=4 ");
  headers.remove(headers.all()[0].name);
  EXPECT_EQ(text(headers), "C=4 ");
}

TEST(Headers, ClearedOrMovedFromTheyAreEmptyAndCanBeFilledAgain) {
  Headers headers = sample();
  headers.clear();
  EXPECT_EQ(text(headers), "");
  headers.add("X", "1");
  EXPECT_EQ(text(headers), "X=1 ");
  const Headers moved = std::move(headers);
  EXPECT_EQ(text(moved), "X=1 ");
  EXPECT_EQ(text(headers), "");
  headers = sample();
  EXPECT_EQ(headers.all().size(), 4u);
  const Headers copy = headers;
  EXPECT_EQ(text(copy), text(headers));
}

TEST(Request, PathAndQueryAreTheTwoSidesOfTheFirstQuestionMark) {
  Request request;
  request.target = "/v1/orders?a=1?b";
  EXPECT_EQ(request.path(), "/v1/orders");
  EXPECT_EQ(request.query(), "a=1?b");
  request.target = "/v1/orders";
  EXPECT_EQ(request.path(), "/v1/orders");
  EXPECT_EQ(request.query(), "");
  request.target = "/?";
  EXPECT_EQ(request.path(), "/");
  EXPECT_EQ(request.query(), "");
}

}  // namespace
}  // namespace sekisho::http
