// Broken files of one kind, each with the error that must be told of it.
#pragma once

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>
#include <string_view>

#include "tests/config/written.h"

namespace sekisho::config {

struct Broken {
  std::string_view text;   // behind the line with the schema, which is line 1
  std::string_view error;  // how one line of the errors begins
};

template <class Load>
void expect_errors(std::string_view schema, const Load& load, std::initializer_list<Broken> zoo) {
  Folder folder;
  for (const auto& broken : zoo) {
    const auto file = folder.write("f", "schema: " + std::string(schema) + "\n" + std::string(broken.text));
    const auto loaded = load(file);
    EXPECT_FALSE(loaded) << broken.text;
    const auto errors = "\n" + print(loaded.errors);
    EXPECT_NE(errors.find("\nf:" + std::string(broken.error)), errors.npos)
        << broken.text << "expected: f:" << broken.error << "\nbut got:" << errors;
  }
}

}  // namespace sekisho::config
