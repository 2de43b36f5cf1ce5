// SPDX-License-Identifier: Apache-2.0
#include "installer/evidence/html.hpp"

#include <catch2/catch.hpp>

namespace sealift::installer::html_test {

TEST_CASE("html: no text of others becomes an element, an attribute or a character that lies") {
  CHECK(Html().element("td", "<b onclick='x'>&\"").take() ==
        "<td>&lt;b onclick=&#39;x&#39;&gt;&amp;&quot;</td>\n");
  CHECK(Html()
            .element("td class=\"bad\"",
                     "a\xE2\x80\xAE"
                     "b\x01\xFF\n")
            .take() == "<td class=\"bad\">a\\xe2\\x80\\xaeb\\x01\\xff\\x0a</td>\n");
}

TEST_CASE("html: a table tells each cell with its heading, and says where it has none") {
  CHECK(Html().table({"Time", ""}, {{"1 < 2", "x"}}).take() ==
        "<table><thead><tr><th scope=\"col\">Time</th>\n<th scope=\"col\"></th>\n</tr>\n</thead>\n"
        "<tbody><tr><td data-of=\"Time\">1 &lt; 2</td>\n<td>x</td>\n</tr>\n</tbody>\n</table>\n");
  CHECK(Html().table({"Time"}, {}).take() == "<p class=\"none\">None in this period.</p>\n");
}

}  // namespace sealift::installer::html_test
