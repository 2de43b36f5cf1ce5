// SPDX-License-Identifier: Apache-2.0
#include "installer/evidence/html.hpp"

#include "base/format.hpp"
#include "base/path.hpp"

namespace sealift::installer {

namespace {

constexpr std::size_t kLongestText = 64U << 10;  // a line of the audit log is shorter

std::string_view escaped(char c) {
  switch (c) {
    case '&':
      return "&amp;";
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    case '"':
      return "&quot;";
    case '\'':
      return "&#39;";
    default:
      return {};
  }
}

}  // namespace

Html& Html::open(std::string_view start) {
  out_ += format("<{}>", start);
  return *this;
}

Html& Html::close(std::string_view element) {
  out_ += format("</{}>\n", element);
  return *this;
}

// Printable first: what that writes instead of a character is plain.
Html& Html::text(std::string_view text) {
  for (const char c : printable(text, kLongestText)) {
    const std::string_view instead = escaped(c);
    if (instead.empty()) {
      out_ += c;
    } else {
      out_ += instead;
    }
  }
  return *this;
}

Html& Html::element(std::string_view start, std::string_view text) {
  return open(start).text(text).close(start.substr(0, start.find(' ')));
}

Html& Html::table(const std::vector<std::string>& headings,
                  const std::vector<std::vector<std::string>>& rows) {
  if (rows.empty()) return element("p class=\"none\"", "None in this period.");
  open("table").open("thead").open("tr");
  for (const std::string& each : headings) element("th scope=\"col\"", each);
  close("tr").close("thead").open("tbody");
  for (const std::vector<std::string>& row : rows) {
    open("tr");
    for (std::size_t i = 0; i < row.size(); ++i) {
      element(headings[i].empty() ? "td" : format("td data-of=\"{}\"", headings[i]), row[i]);
    }
    close("tr");
  }
  return close("tbody").close("table");
}

Html& Html::facts(const std::vector<std::vector<std::string>>& rows) {
  open("table class=\"facts\"").open("tbody");
  for (const std::vector<std::string>& row : rows) {
    open("tr").element("th scope=\"row\"", row[0]).element("td", row[1]).close("tr");
  }
  return close("tbody").close("table");
}

}  // namespace sealift::installer
