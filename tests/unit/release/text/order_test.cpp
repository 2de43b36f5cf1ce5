// SPDX-License-Identifier: Apache-2.0
#include "release/text/order.hpp"

#include <catch2/catch.hpp>

namespace sealift::release::order_test {

TEST_CASE("order: each name stands behind what it comes after, the others as they were") {
  CHECK(order_of({"a", "b", "c"}, {}) == std::vector<std::size_t>{0, 1, 2});
  CHECK(order_of({"a", "b", "c"}, {{"a", {"c"}}}) == std::vector<std::size_t>{2, 0, 1});
  CHECK(order_of({"a", "b", "c"}, {{"a", {"b"}}, {"b", {"c"}}}) ==
        std::vector<std::size_t>{2, 1, 0});
  CHECK(order_of({"a", "b"}, {{"a", {"elsewhere"}}}) == std::vector<std::size_t>{0, 1});
}

TEST_CASE("order: a circle is found, and said as one reads it") {
  CHECK(circle_in({}).empty());
  CHECK(circle_in({{"a", {"b"}}, {"b", {"c"}}, {"d", {"b", "c"}}}).empty());
  CHECK(circle_in({{"a", {"a"}}}) == std::vector<std::string>{"a", "a"});
  CHECK(circle_in({{"a", {"b"}}, {"b", {"c"}}, {"c", {"b"}}}) ==
        std::vector<std::string>{"b", "c", "b"});
}

}  // namespace sealift::release::order_test
