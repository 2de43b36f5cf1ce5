// SPDX-License-Identifier: Apache-2.0
#include "builder/workshop/key_scan.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/ascii.hpp"

namespace sealift::builder {

namespace {

// What stands around a mark is at most this far from it. In bytes. A header of PEM and the line
// behind it are shorter.
constexpr std::size_t kReach = 128;

bool is_base64(char c) {
  return is_letter_or_digit(c) || c == '+' || c == '/';
}

// As age writes identities, in capitals (BIP 173 wants one case throughout).
bool is_bech32(char c) {
  return is_capital_letter(c) || is_digit(c);
}

// So many characters of a key, since a text about keys shows fewer or dots.
bool begins_with(std::string_view text, std::size_t count, bool (*is_one)(char)) {
  return text.size() >= count && std::all_of(text.begin(), text.begin() + count, is_one);
}

// Line ends, also as they are written inside quotes.
std::string_view without_line_ends(std::string_view text) {
  while (!text.empty()) {
    if (text.starts_with("\\n") || text.starts_with("\\r")) {
      text.remove_prefix(2);
    } else if (text.front() == '\n' || text.front() == '\r' || text.front() == ' ') {
      text.remove_prefix(1);
    } else {
      break;
    }
  }
  return text;
}

// "-----BEGIN EC PRIVATE KEY-----", a new line, then the key itself or the fields of RFC 1421.
std::string_view pem_key(std::string_view before, std::string_view after) {
  constexpr std::string_view kBegin = "-----BEGIN ";
  const std::size_t begin = before.rfind(kBegin);
  if (begin == before.npos) return "";
  const std::string_view label = before.substr(begin + kBegin.size());
  if (label.size() > 32 || label.find('-') != label.npos) return "";
  if (after.starts_with(" BLOCK")) after.remove_prefix(6);
  if (!after.starts_with("-----")) return "";
  after = without_line_ends(after.substr(5));
  if (!begins_with(after, 16, is_base64) && !after.starts_with("Proc-Type:")) return "";
  if (label == "OPENSSH ") return "a private key of OpenSSH";
  return label == "PGP " ? "a private key of OpenPGP" : "a PEM private key";
}

std::string_view age_key(std::string_view, std::string_view after) {
  return begins_with(after, 40, is_bech32) ? "an identity of age" : "";
}

std::string_view minisign_key(std::string_view, std::string_view after) {
  return begins_with(after, 40, is_base64) ? "a secret key of minisign" : "";
}

struct Mark {
  std::string_view text;
  // What sort of key stands around the mark; empty: none.
  std::string_view (*key)(std::string_view before, std::string_view after);
};

// Of minisign: how a key itself begins, "Ed", then "Sc" or nothing for a passphrase, and "B2".
constexpr std::array kMarks = {Mark{"PRIVATE KEY", pem_key}, Mark{"AGE-SECRET-KEY-1", age_key},
                               Mark{"\nRWRTY0Iy", minisign_key}, Mark{"\nRWQAAEIy", minisign_key}};

// Every mark has at least so many characters; by those it is looked for.
constexpr std::size_t kLength = 9;

// How far a search may go on from a place whose last two characters are these (Wu and Manber, "A
// fast algorithm for multi-pattern searching", 1994): all marks are found in one pass, which looks
// at one place in eight or so.
class Skips {
 public:
  Skips() {
    skips_.fill(kLength - 1);
    for (const Mark& mark : kMarks) {
      for (std::size_t at = 1; at < kLength; ++at) {
        std::uint8_t& skip = skips_[index(mark.text[at - 1], mark.text[at])];
        skip = std::min(skip, static_cast<std::uint8_t>(kLength - 1 - at));
      }
    }
  }
  std::size_t behind(char before, char last) const { return skips_[index(before, last)]; }

 private:
  static std::size_t index(char before, char last) {
    return static_cast<std::size_t>(static_cast<unsigned char>(before)) << 8U |
           static_cast<unsigned char>(last);
  }
  std::array<std::uint8_t, 65536> skips_{};
};

// The key whose mark stands at `begin`; empty: none does.
std::string_view key_at(std::string_view text, std::size_t begin) {
  const std::string_view rest = text.substr(begin);
  for (const Mark& mark : kMarks) {
    if (!rest.starts_with(mark.text)) continue;
    const std::size_t reach = std::min(begin, kReach);
    const std::string_view what = mark.key(text.substr(begin - reach, reach),
                                           rest.substr(mark.text.size()).substr(0, kReach));
    if (!what.empty()) return what;
  }
  return "";
}

// A skip of 0 says only that a mark may end here: most such places are none.
std::string_view key_in(std::string_view text) {
  static const Skips skips;
  for (std::size_t last = kLength - 1; last < text.size();) {
    const std::size_t skip = skips.behind(text[last - 1], text[last]);
    if (skip == 0) {
      if (const std::string_view what = key_at(text, last + 1 - kLength); !what.empty())
        return what;
    }
    last += std::max<std::size_t>(skip, 1);
  }
  return "";
}

}  // namespace

// Parts are looked at once, and their border once more.
void KeyScan::feed(std::string_view part) {
  if (!found_.empty()) return;
  // A key that lies across the border is whole in the edge and the beginning of this part.
  const std::string border = edge_ + std::string(part.substr(0, 3 * kReach));
  found_ = key_in(border);
  if (found_.empty()) found_ = key_in(part);
  edge_ = part.size() >= 3 * kReach
              ? std::string(part.substr(part.size() - 3 * kReach))
              : border.substr(border.size() - std::min(border.size(), 3 * kReach));
}

}  // namespace sealift::builder
