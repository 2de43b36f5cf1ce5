// SPDX-License-Identifier: Apache-2.0
#include "s3/signature.hpp"

#include <algorithm>
#include <vector>

#include "base/format.hpp"
#include "base/text.hpp"
#include "signing/keyed_digest.hpp"

namespace sealift::s3 {

namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";
constexpr std::string_view kEnd = "aws4_request";

// "20130524T000000Z": RFC 3339 without its marks.
std::string compact(Time time) {
  std::string text = to_text(time);
  std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
  return text;
}

// Parameters sorted by name, each with a '='.
std::string canonical_query(std::string_view query) {
  std::vector<std::string> parameters;
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    std::string one(query.substr(0, end));
    if (one.find('=') == one.npos) one += '=';
    parameters.push_back(std::move(one));
    query.remove_prefix(std::min(end + 1, query.size()));
  }
  std::sort(parameters.begin(), parameters.end());
  return joined(parameters, "&");
}

signing::Secret signing_key(const signing::Secret& secret, std::string_view date,
                            const Scope& scope) {
  std::string first = format("AWS4{}", secret.view());
  signing::Secret key = signing::hmac_sha256(first, date);
  signing::wipe(first);
  for (const std::string_view part :
       {std::string_view(scope.region), std::string_view(scope.service), kEnd}) {
    key = signing::hmac_sha256(key.view(), part);
  }
  return key;
}

}  // namespace

void sign(net::Request& request, const Digest& body, const AccessKey& key, const Scope& scope,
          Time now) {
  const std::string time = compact(now);
  const std::string date = time.substr(0, time.find('T'));
  net::Headers& headers = request.headers;
  headers["x-amz-date"] = time;
  headers["x-amz-content-sha256"] = body.hex();
  if (key.token) headers["x-amz-security-token"] = std::string(key.token->view());
  net::Headers named = headers;
  named["host"] = request.url.authority();
  std::string lines;
  std::vector<std::string> names;
  for (const auto& [name, value] : named) {
    lines += format("{}:{}\n", name, trimmed(value));
    names.push_back(name);
  }
  const std::string signed_names = joined(names, ";");
  const std::string& target = request.url.target;
  const std::size_t question = std::min(target.find('?'), target.size());
  const std::string query =
      question < target.size() ? canonical_query(target.substr(question + 1)) : "";
  const std::string canonical =
      format("{}\n{}\n{}\n{}\n{}\n{}", request.method, target.substr(0, question), query, lines,
             signed_names, body.hex());
  const std::string place = format("{}/{}/{}/{}", date, scope.region, scope.service, kEnd);
  const std::string text =
      format("{}\n{}\n{}\n{}", kAlgorithm, time, place, Digest::of(canonical).hex());
  const signing::Secret signature =
      signing::hmac_sha256(signing_key(key.secret, date, scope).view(), text);
  headers["authorization"] = format("{} Credential={}/{},SignedHeaders={},Signature={}", kAlgorithm,
                                    key.id, place, signed_names, to_hex(signature.view()));
}

std::string uri_encoded(std::string_view text, Slash slash) {
  return net::percent_encoded(text, slash == Slash::kept ? "/" : "");
}

}  // namespace sealift::s3
