// SPDX-License-Identifier: Apache-2.0
#include "installer/site/checkpoint.hpp"

#include <charconv>
#include <sstream>
#include <vector>

#include "base/count.hpp"
#include "base/error.hpp"
#include "base/format.hpp"
#include "base/path.hpp"
#include "signing/base64.hpp"

namespace sealift::installer {

namespace {

constexpr std::string_view kFirstWord = "sealift-checkpoint";
constexpr std::size_t kWords = 7;
constexpr std::size_t kMaxSite = 64;

[[noreturn]] void refuse_checkpoint(const std::string& where, const std::string& found) {
  throw Error(Errc::invalid_input,
              format("{}: {}, expected a checkpoint: {} SITE LINES HEAD TIME KEY SIGNATURE", where,
                     found, kFirstWord),
              "a site prints its own with: sealift-installer audit checkpoint");
}

std::vector<std::string> words_of(std::string_view text, const std::string& where) {
  if (text.size() > kMaxCheckpointBytes) {
    refuse_checkpoint(where, format("found more than {} bytes", kMaxCheckpointBytes));
  }
  std::istringstream in{std::string(text)};
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(std::move(word));
  if (words.size() != kWords || words[0] != kFirstWord) {
    refuse_checkpoint(where, format("found {}", count_text(words.size(), "word")));
  }
  return words;
}

std::uint64_t number_of(const std::string& word, const std::string& where) {
  std::uint64_t number = 0;
  const char* end = word.data() + word.size();
  const auto [stop, failure] = std::from_chars(word.data(), end, number);
  if (failure != std::errc() || stop != end || std::to_string(number) != word) {
    refuse_checkpoint(where, format("found the number of lines \"{}\"", printable(word, 40)));
  }
  return number;
}

}  // namespace

Checkpoint Checkpoint::signed_by(const SiteKey& key, const std::string& site, std::uint64_t lines,
                                 const Digest& head, Time time) {
  Checkpoint made(site, lines, head, time, key.public_key());
  made.signature_ = key.sign(made.signed_text());
  return made;
}

// Each part has one spelling, so that the text that was signed is the one that is written again.
Checkpoint Checkpoint::parse(std::string_view text, const std::string& where) {
  const std::vector<std::string> words = words_of(text, where);
  if (words[1].size() > kMaxSite || printable(words[1]) != words[1]) {
    refuse_checkpoint(where, format("found the site \"{}\"", printable(words[1], 80)));
  }
  return blame(Errc::invalid_input, where, [&] {
    Checkpoint read(words[1], number_of(words[2], "LINES"), Digest::from_hex(words[3]),
                    parse_time(words[4]),
                    signing::PublicKey::ed25519(signing::from_base64(words[5])));
    read.signature_ = signing::from_base64(words[6]);
    if (!read.key_.verifies(read.signed_text(), read.signature_)) {
      throw Error(Errc::invalid_input,
                  "the signature is not one of the key in it over the words before it",
                  "it was mistyped or changed: compare it with the original");
    }
    return read;
  });
}

std::string Checkpoint::signed_text() const {
  return format("{} {} {} {} {} {}", kFirstWord, site_, lines_, head_.hex(), to_text(time_),
                signing::to_base64(key_.bytes()));
}

std::string Checkpoint::line() const {
  return format("{} {}", signed_text(), signing::to_base64(signature_));
}

Json to_json(const Checkpoint& checkpoint) {
  return {{"checkpoint", checkpoint.line()},    {"site", checkpoint.site()},
          {"lines", checkpoint.lines()},        {"head", checkpoint.head().hex()},
          {"time", to_text(checkpoint.time())}, {"key", checkpoint.key().id()}};
}

}  // namespace sealift::installer
