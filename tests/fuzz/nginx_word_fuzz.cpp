// SPDX-License-Identifier: Apache-2.0
#include "release/templates/filters.hpp"
#include "tests/fuzz/target.hpp"

namespace sealift::fuzz {

namespace {

// What Nginx reads of one word in double quotes (ngx_conf_read_token): a backslash takes the next
// character as it is, but for t, r and n, which are characters of their own behind one.
std::string read_by_nginx(std::string_view word) {
  require(word.size() >= 2 && word.front() == '"' && word.back() == '"', "it is one quoted word");
  std::string text;
  for (std::size_t at = 1; at + 1 < word.size(); ++at) {
    require(word[at] != '"' && word[at] != '$', "nothing ends the word or begins a variable");
    if (word[at] == '\\') {
      ++at;
      require(at + 1 < word.size() && (word[at] == '"' || word[at] == '\\'),
              "a backslash stands before a quote or another");
    }
    text += word[at];
  }
  return text;
}

}  // namespace

// A value that a template writes into a document of Nginx is one parameter, and this value.
const Target kNginxWord("nginx_word", [](std::string_view bytes) {
  const Json written = release::apply_filter({.name = "nginx", .argument = {}}, Json(bytes));
  require(read_by_nginx(written.text()) == bytes, "Nginx reads what was meant");
});

}  // namespace sealift::fuzz
