// SPDX-License-Identifier: Apache-2.0
#include "net/url.hpp"

#include <algorithm>
#include <charconv>

#include "base/address.hpp"
#include "base/ascii.hpp"
#include "base/error.hpp"
#include "base/format.hpp"
#include "base/path.hpp"

namespace sealift::net {

namespace {

constexpr std::size_t kMaxUrl = 8192;
constexpr int kHexBase = 16;

// As a text, for so the resolver takes it.
std::string default_port(bool secure) {
  return secure ? "443" : "80";
}

}  // namespace

// A fragment is the client's, and never sent.
Url Url::parse(std::string_view text) {
  const auto refuse = [&](std::string_view expected) {
    const std::string shown = without_login(text);
    throw Error(Errc::invalid_input,
                format("found the address \"{}\", expected {}",
                       printable(shown.substr(0, shown.find('?')), 200), expected));
  };
  Url url;
  std::string_view rest = text;
  if (rest.starts_with("https://")) {
    rest.remove_prefix(8);
  } else if (rest.starts_with("http://")) {
    url.secure = false;
    rest.remove_prefix(7);
  } else {
    refuse("https:// or http:// first");
  }
  const bool is_plain = std::all_of(text.begin(), text.end(),
                                    [](char c) { return c > ' ' && c != '\x7f' && c != '"'; });
  if (text.size() > kMaxUrl || !is_plain) refuse("at most 8192 characters without blanks");
  const std::size_t slash = std::min(rest.find_first_of("/?"), rest.size());
  std::string_view authority = rest.substr(0, slash);
  url.target = rest.substr(slash);
  if (!url.target.starts_with('/')) url.target.insert(0, "/");
  url.target.erase(std::min(url.target.find('#'), url.target.size()));
  if (authority.find('@') != authority.npos) refuse("no user name in it");
  const std::size_t bracket = authority.rfind(']');
  const std::size_t colon = authority.rfind(':');
  url.port = default_port(url.secure);
  if (colon != authority.npos && (bracket == authority.npos || colon > bracket)) {
    url.port = authority.substr(colon + 1);
    authority = authority.substr(0, colon);
    const bool is_number = std::all_of(url.port.begin(), url.port.end(), is_digit);
    if (url.port.empty() || url.port.size() > 5 || !is_number) refuse("a port of 1 to 65535");
  }
  if (authority.starts_with('[') && authority.ends_with(']')) {
    authority = authority.substr(1, authority.size() - 2);
  }
  url.host = authority;
  if (url.host.empty()) refuse("a host");
  return url;
}

// The forms of RFC 3986, 4.2, that servers send: whole, without a scheme, from the root, a query, a
// sibling.
Url Url::resolve(std::string_view location) const {
  if (location.starts_with("http://") || location.starts_with("https://")) return parse(location);
  if (location.starts_with("//")) {
    return parse(format("{}:{}", secure ? "https" : "http", location));
  }
  Url url = *this;
  if (location.starts_with('/')) {
    url.target = location;
  } else if (location.starts_with('?')) {
    url.target = target.substr(0, target.find('?')) + std::string(location);
  } else {
    const std::string path = target.substr(0, target.find('?'));
    url.target = path.substr(0, path.rfind('/') + 1) + std::string(location);
  }
  // Its characters are checked as those of a whole address are.
  return parse(format("{}://{}{}", secure ? "https" : "http", authority(), url.target));
}

void Url::add_query(std::string_view parameters) {
  target += target.find('?') == target.npos ? '?' : '&';
  target += parameters;
}

std::string Url::authority() const {
  const std::string name = host.find(':') == host.npos ? host : "[" + host + "]";
  return port == default_port(secure) ? name : name + ":" + port;
}

std::string percent_decoded(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned byte = 0;
    const char* digits = text.data() + i + 1;
    if (text[i] == '%' && text.size() - i > 2 &&
        std::from_chars(digits, digits + 2, byte, kHexBase).ptr == digits + 2) {
      decoded += static_cast<char>(byte);
      i += 2;
    } else {
      decoded += text[i];
    }
  }
  return decoded;
}

// Bounded, since a server may redirect anywhere.
std::string Url::shown() const {
  return printable(format("{}://{}{}", secure ? "https" : "http", authority(),
                          target.substr(0, target.find('?'))),
                   300);
}

// By the name alone: nobody is asked what an address means.
bool Url::is_loopback() const {
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

std::string percent_encoded(std::string_view text, std::string_view kept) {
  constexpr unsigned kOctet = 16;
  std::string out;
  for (const char c : text) {
    const bool plain = is_letter_or_digit(c) || std::string_view("-._~").find(c) != text.npos ||
                       kept.find(c) != kept.npos;
    const auto byte = static_cast<unsigned char>(c);
    out += plain ? std::string(1, c) : format("%{:X}{:X}", byte / kOctet, byte % kOctet);
  }
  return out;
}

}  // namespace sealift::net
