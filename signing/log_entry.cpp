// SPDX-License-Identifier: Apache-2.0
#include "signing/log_entry.hpp"

#include <charconv>

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/path.hpp"
#include "signing/base64.hpp"
#include "signing/foreign.hpp"

namespace sealift::signing {

namespace {

constexpr std::size_t kMaxLogged = 64;  // signatures of an entry

template <typename Work>
auto as_log_entry(Work&& work) -> decltype(work()) {
  return blame(Errc::untrusted, "log entry", std::forward<Work>(work));
}

// The log signs the canonical form of exactly these four.
LogEntry entry_of(const std::string& body, std::uint64_t time, const std::string& log_id,
                  std::uint64_t index, const std::string& promise) {
  return {.body = from_base64(body),
          .time = {.seconds = static_cast<std::int64_t>(time)},
          .message = to_canonical(
              {{"body", body}, {"integratedTime", time}, {"logID", log_id}, {"logIndex", index}}),
          .promise = from_base64(promise)};
}

// The JSON of Protocol Buffers writes 64 bits as text.
std::uint64_t number_in(const Json& value, const char* key) {
  const std::string& text = text_member(value, key);
  std::uint64_t number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc() || end != text.data() + text.size()) {
    throw Error(Errc::corrupt,
                format("{}: found \"{}\", expected a number", key, printable(text, 40)));
  }
  return number;
}

Digest sha256_of(const Json& hash) {
  if (text_member(hash, "algorithm") != "sha256") throw Error(Errc::corrupt, "expected sha256");
  return Digest::from_hex(text_member(hash, "value"));
}

}  // namespace

LogEntry parse_log_annotation(std::string_view text) {
  return as_log_entry([&] {
    const Json value = parse_json(text, "annotation");
    Fields fields(value, "annotation");
    const std::string promise = fields.text("SignedEntryTimestamp");
    Fields payload(fields.object("Payload"), fields.at("Payload"));
    LogEntry entry = entry_of(payload.text("body"), payload.number("integratedTime"),
                              payload.text("logID"), payload.number("logIndex"), promise);
    payload.done();
    fields.done();
    return entry;
  });
}

LogEntry log_entry_of_bundle(const Json& value) {
  return as_log_entry([&] {
    const Json& promise = member(value, "inclusionPromise");
    return entry_of(text_member(value, "canonicalizedBody"), number_in(value, "integratedTime"),
                    to_hex(from_base64(text_member(member(value, "logId"), "keyId"))),
                    number_in(value, "logIndex"), text_member(promise, "signedEntryTimestamp"));
  });
}

Logged parse_logged(std::string_view body) {
  return as_log_entry([&] {
    const Json value = parse_json(body, "body", Errc::corrupt, Numbers::any);
    const std::string& kind = text_member(value, "kind");
    const Json& spec = member(value, "spec");
    if (text_member(value, "apiVersion") == "0.0.1" && kind == "hashedrekord") {
      const Json& signature = member(spec, "signature");
      return Logged{
          .payload = sha256_of(member(member(spec, "data"), "hash")),
          .signatures = {from_base64(text_member(signature, "content"))},
          .certificates = {from_base64(text_member(member(signature, "publicKey"), "content"))}};
    }
    if (text_member(value, "apiVersion") == "0.0.1" && kind == "dsse") {
      Logged logged{
          .payload = sha256_of(member(spec, "payloadHash")), .signatures = {}, .certificates = {}};
      const Json& signatures = member(spec, "signatures");
      if (!signatures.is_array() || signatures.size() > kMaxLogged) {
        throw Error(Errc::corrupt, format("signatures: expected at most {}", kMaxLogged));
      }
      for (const Json& each : signatures) {
        logged.signatures.push_back(from_base64(text_member(each, "signature")));
        logged.certificates.push_back(from_base64(text_member(each, "verifier")));
      }
      return logged;
    }
    throw Error(Errc::corrupt, format("found the kind \"{}\", expected hashedrekord or dsse of "
                                      "version 0.0.1",
                                      printable(kind, 40)));
  });
}

}  // namespace sealift::signing
