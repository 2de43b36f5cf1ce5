// SPDX-License-Identifier: Apache-2.0
#include "builder/workshop/key_scan.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

namespace sealift::builder::key_scan_test {

namespace {

const std::string kBody = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg";

std::string pem(const std::string& label, const std::string& line_end = "\n") {
  return "-----BEGIN " + label + "-----" + line_end + kBody + line_end;
}

const std::vector<std::pair<std::string, std::string>> kKeys = {
    {pem("PRIVATE KEY"), "a PEM private key"},
    {pem("EC PRIVATE KEY"), "a PEM private key"},
    {pem("RSA PRIVATE KEY", "\r\n"), "a PEM private key"},
    {pem("ENCRYPTED PRIVATE KEY"), "a PEM private key"},
    {"K=\"" + pem("PRIVATE KEY", "\\n") + "\"", "a PEM private key"},
    {"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n", "a PEM private key"},
    {pem("OPENSSH PRIVATE KEY"), "a private key of OpenSSH"},
    {pem("PGP PRIVATE KEY BLOCK", "\n\n"), "a private key of OpenPGP"},
    {"# key\nAGE-SECRET-KEY-1" + std::string(58, 'Q') + "\n", "an identity of age"},
    {"untrusted comment: x\nRWRTY0Iy" + kBody, "a secret key of minisign"},
    {"untrusted comment: x\nRWQAAEIy" + kBody, "a secret key of minisign"}};

std::string found_in(const std::string& text, std::size_t part) {
  KeyScan scan;
  for (std::size_t at = 0; at < text.size(); at += part) scan.feed(text.substr(at, part));
  return std::string(scan.found());
}

}  // namespace

TEST_CASE("key scan: every sort of private key is found, in parts of any size") {
  for (const auto& [text, what] : kKeys) {
    CAPTURE(text);
    for (const std::size_t part : {1U, 7U, 64U, 100'000U}) CHECK(found_in(text, part) == what);
  }
}

TEST_CASE("key scan: a key across the border of two parts is found wherever it begins") {
  for (const auto& [text, what] : kKeys) {
    for (std::size_t before = 900; before <= 1024; ++before) {
      if (found_in(std::string(before, ' ') + text + std::string(2000, ' '), 1024) != what) {
        FAIL(what << " behind " << before << " bytes");
      }
    }
  }
}

TEST_CASE("key scan: what only speaks of keys is none") {
  for (const std::string text :
       {"const h = '-----BEGIN PRIVATE KEY-----\\n' + body;", "-----BEGIN PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\n...", "PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49AgEG",
        "-----BEGIN PUBLIC KEY-----\nMIGHAgEAMBMGByqGSM49AgEG", "AGE-SECRET-KEY-1",
        "an AGE-SECRET-KEY-1... looks so", "RWRTY0Iy is how a secret key begins",
        "-----BEGIN CERTIFICATE-----\nMIGHAgEAMBMGByqGSM49AgEG"}) {
    CAPTURE(text);
    CHECK(found_in(text, 1024).empty());
    CHECK(found_in(text, 1).empty());
  }
}

}  // namespace sealift::builder::key_scan_test
