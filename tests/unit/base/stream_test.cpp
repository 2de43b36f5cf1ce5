// SPDX-License-Identifier: Apache-2.0
#include "base/stream.hpp"

#include <catch2/catch.hpp>

#include "base/digest.hpp"
#include "tests/unit/errors.hpp"

namespace sealift::stream_test {

namespace {

// Gives one byte at a time, as a pipe may.
class Trickle : public Source {
 public:
  explicit Trickle(std::string_view bytes) : source_(bytes) {}
  std::size_t read(std::span<char> into) override {
    return source_.read(into.first(std::min<std::size_t>(into.size(), 1)));
  }

 private:
  StringSource source_;
};

}  // namespace

TEST_CASE("stream: a source that trickles is read fully, and less comes only at the end") {
  Trickle source("abcdef");
  std::string into(4, ' ');
  CHECK(read_fully(source, into) == 4);
  CHECK(into == "abcd");
  CHECK(read_fully(source, into) == 2);
  CHECK(read_fully(source, into) == 0);
}

TEST_CASE("stream: read_all takes what the limit allows and refuses one byte more") {
  Trickle exact("12345");
  CHECK(read_all(exact, 5, "input") == "12345");
  Trickle longer("123456");
  CHECK(tests::refusal_of([&] { read_all(longer, 5, "input"); }) == Errc::invalid_input);
}

TEST_CASE("stream: a hashing sink passes bytes on, counts and hashes them") {
  StringSink to;
  HashingSink sink(to);
  Trickle source("abc");
  CHECK(copy(source, sink) == 3);
  CHECK(to.bytes() == "abc");
  CHECK(sink.size() == 3);
  CHECK(sink.finish() == Digest::of("abc"));
}

}  // namespace sealift::stream_test
