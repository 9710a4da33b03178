// The mark stands under the place, whatever is written before it.
#include "config/file_error.h"

#include <gtest/gtest.h>

#include "config/policy_tests.h"
#include "config/yaml_words.h"

namespace sekisho::config {
namespace {

std::string marked(std::string source, int column) {
  FileError error{"p.yaml", 7, column, "wrong"};
  error.source = std::move(source);
  return error.print_with_line();
}

TEST(FileError, a_full_width_character_takes_two_columns) {
  EXPECT_EQ(marked("a: 番号, x", 12), "p.yaml:7:12: wrong\n    7 | a: 番号, x\n      |          ^");
}

TEST(FileError, a_tab_stays_a_tab_above_and_below) {
  EXPECT_EQ(marked("\ta:\tx", 5), "p.yaml:7:5: wrong\n    7 | \ta:\tx\n      | \t  \t^");
}

TEST(FileError, of_a_long_line_the_part_around_the_place_is_shown) {
  const auto text = marked(std::string(200, 'a') + "X" + std::string(200, 'b'), 201);
  const auto line = text.find("| "), mark = text.rfind("| ");
  EXPECT_EQ(text[text.find('X')], 'X');
  EXPECT_LT(text.size(), 330u);
  // "…" is three bytes in one column.
  EXPECT_EQ(text.find('X') - line - 2, text.find('^') - mark);
}

TEST(FileError, the_end_of_a_line_is_a_place_too) {
  EXPECT_EQ(marked("ab", 3), "p.yaml:7:3: wrong\n    7 | ab\n      |   ^");
}

TEST(FileError, without_a_line_the_sentence_stands_alone) {
  EXPECT_EQ(marked("", 3), "p.yaml:7:3: wrong");
  EXPECT_EQ((FileError{"p.yaml", 0, 0, "is empty"}).print_with_line(), "p.yaml: is empty");
}

TEST(FileError, further_lines_of_a_sentence_stand_below) {
  FileError error{"p.yaml", 1, 1, "wrong\nas a test:\n  x"};
  error.source = "a";
  EXPECT_EQ(error.print_with_line(), "p.yaml:1:1: wrong\n    1 | a\n      | ^\nas a test:\n  x");
}

TEST(YamlWords, nothing_that_a_terminal_obeys_is_shown) {
  EXPECT_EQ(shown("a\x1b[31m\xff\tb\x7f"), "a\uFFFD[31m\uFFFD\tb\uFFFD");
  EXPECT_EQ(in_quotes("a\nb\x1b"), "'a b\uFFFD'");
}

TEST(YamlWords, a_long_text_is_cut_between_characters) {
  std::string kanji;
  for (int i = 0; i < 40; ++i) kanji += "番";
  EXPECT_EQ(in_quotes(kanji), "'" + kanji.substr(0, 57) + "...'");
  EXPECT_EQ(in_quotes("x" + kanji), "'x" + kanji.substr(0, 54) + "...'");
  EXPECT_EQ(in_quotes(std::string(60, 'a')), "'" + std::string(60, 'a') + "'");
}

TEST(YamlWords, an_open_quotation_is_found_where_it_begins) {
  using Place = std::pair<int, int>;
  EXPECT_EQ(open_quotation("a: 'b\n"), Place(1, 4));
  EXPECT_EQ(open_quotation("# it's a remark\na: the operator's\nb: \"c \\\" d\n"), Place(3, 4));
  EXPECT_EQ(open_quotation("a: [ 'x', 'y ]"), Place(1, 11));
  EXPECT_EQ(open_quotation("a: 'it''s'\nb: \"c\"\n"), std::nullopt);
}

TEST(JunitXml, is_well_formed_whatever_a_test_is_called) {
  const auto xml = junit_xml("a&b.yaml", {{.name = "not <two>", .passed = true, .line = 9, .column = 5},
                                          {.name = "bell\x07 \"x\"",
                                           .passed = false,
                                           .text = "expected permit, and the answer was { deny: a }",
                                           .line = 10,
                                           .column = 5}});
  EXPECT_EQ(xml,
            "  <testsuite name=\"a&amp;b.yaml\" tests=\"2\" failures=\"1\">\n"
            "    <testcase classname=\"a&amp;b.yaml\" name=\"not &lt;two&gt;\"/>\n"
            "    <testcase classname=\"a&amp;b.yaml\" name=\"bell\uFFFD &quot;x&quot;\">\n"
            "      <failure message=\"a&amp;b.yaml:10:5: expected permit, and the answer was { deny: a }\">"
            "a&amp;b.yaml:10:5</failure>\n"
            "    </testcase>\n"
            "  </testsuite>\n");
}

}  // namespace
}  // namespace sekisho::config
