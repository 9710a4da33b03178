// Every shipped carrier's file against recorded calls of its API (tests/carriers): what is read out of each
// stands in the text beside it. SEKISHO_WRITE_GOLDEN=1 writes those texts anew: read the difference before it
// is kept.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>

#include "config/installation.h"
#include "config/numbering_plan_file.h"
#include "gateway/trial.h"

namespace sekisho::gateway {
namespace {

namespace fs = std::filesystem;

const fs::path top = SEKISHO_SOURCE_DIR;
constexpr std::string_view request_ending = ".request.http";

std::string contents(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// "tests/carriers/demo/01-order": what its files begin with, in their order.
std::vector<std::string> recordings_of(const std::string& carrier) {
  std::vector<std::string> out;
  for (const auto& entry : fs::directory_iterator(top / "tests/carriers" / carrier)) {
    const auto name = entry.path().string();
    if (name.ends_with(request_ending)) out.push_back(name.substr(0, name.size() - request_ending.size()));
  }
  std::sort(out.begin(), out.end());
  return out;
}

class ShippedCarrier : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    auto loaded = config::load_carrier(top / "config/carriers" / (GetParam() + ".yaml"));
    for (const auto& error : loaded.errors) ADD_FAILURE() << error.print();
    ASSERT_TRUE(loaded);
    carriers_.push_back(std::move(*loaded.value));
    plan_ = *config::load_numbering_plan({}).value;
  }

  Trial attempt(const std::string& recording) {
    const auto request = recorded_request(contents(recording + std::string(request_ending)));
    if (const auto* no = std::get_if<std::string>(&request)) {
      ADD_FAILURE() << recording << ": the request " << *no;
      return {};
    }
    const auto& call = std::get<http::Request>(request);
    std::optional<http::Response> answer;
    if (fs::exists(recording + ".answer.http")) {
      auto read = recorded_answer(contents(recording + ".answer.http"), call.method == "HEAD");
      if (const auto* no = std::get_if<std::string>(&read))
        ADD_FAILURE() << recording << ": the answer " << *no;
      else
        answer = std::get<http::Response>(std::move(read));
    }
    return try_adapter(carriers_, call, answer ? &*answer : nullptr, plan_,
                       *policy::JstDate::parse("2026-11-24"));
  }

  std::vector<policy::Carrier> carriers_;
  policy::NumberingPlan plan_;
};

TEST_P(ShippedCarrier, is_read_as_the_recordings_say) {
  std::set<std::string> touched;
  for (const auto& recording : recordings_of(GetParam())) {
    const auto trial = attempt(recording);
    const auto text = told(trial);
    if (trial.match) touched.insert(trial.match->route->pattern);
    if (std::getenv("SEKISHO_WRITE_GOLDEN"))
      std::ofstream(recording + ".txt", std::ios::binary) << text;
    else
      EXPECT_EQ(text, contents(recording + ".txt")) << recording;
  }
  for (const auto& route : carriers_.front().routes)
    EXPECT_TRUE(touched.contains(route.pattern)) << "no recording of " << route.pattern;
}

std::vector<std::string> shipped() {
  std::vector<std::string> out;
  for (const auto& entry : fs::directory_iterator(top / "config/carriers"))
    if (entry.path().extension() == ".yaml") out.push_back(entry.path().stem());
  std::sort(out.begin(), out.end());
  return out;
}

INSTANTIATE_TEST_SUITE_P(Carriers, ShippedCarrier, testing::ValuesIn(shipped()), [](const auto& one) {
  auto name = one.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

// A recording whose carrier is gone, or a text whose recording is, would test nothing.
TEST(ShippedCarriers, every_recording_belongs_to_one) {
  const auto all = shipped();
  EXPECT_GE(all.size(), 12u);
  for (const auto& folder : fs::directory_iterator(top / "tests/carriers")) {
    EXPECT_TRUE(std::find(all.begin(), all.end(), folder.path().filename()) != all.end()) << folder.path();
    for (const auto& entry : fs::directory_iterator(folder.path())) {
      auto name = entry.path().string();
      name = name.substr(0, name.find('.', name.rfind('/')));
      EXPECT_TRUE(fs::exists(name + std::string(request_ending))) << entry.path();
    }
  }
}

TEST(Recorded, is_as_strict_as_the_wire) {
  const auto request = [](std::string_view text) { return recorded_request(text); };
  const auto lf = request("POST /a HTTP/1.1\nHost: x\nContent-Length: 99\n\n{}\n");
  ASSERT_TRUE(std::holds_alternative<http::Request>(lf));
  EXPECT_EQ(std::get<http::Request>(lf).body, "{}");
  const auto crlf = request("POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n{\n}\n");
  ASSERT_TRUE(std::holds_alternative<http::Request>(crlf));
  EXPECT_EQ(std::get<http::Request>(crlf).body, "{\n}");
  EXPECT_TRUE(std::holds_alternative<http::Request>(request("GET /a HTTP/1.1\nHost: x")));
  for (const auto* bad : {"", "GET /a", "GET /a HTTP/1.1\n\n", "GET /a HTTP/1.1\nHost: x\nHost: y\n\n",
                          "POST /a HTTP/1.1\nHost: x\nFolded: a\n b\n\n", "{\"quantity\": 3}"})
    EXPECT_TRUE(std::holds_alternative<std::string>(request(bad))) << bad;
  EXPECT_TRUE(std::holds_alternative<http::Response>(recorded_answer("HTTP/1.1 204 No Content\n\n", false)));
  EXPECT_TRUE(std::holds_alternative<std::string>(recorded_answer("HTTP/9 204\n\n", false)));
}

}  // namespace
}  // namespace sekisho::gateway
