// SPDX-License-Identifier: Apache-2.0
#include "builder/sentry/sentry_upload.hpp"

#include <algorithm>
#include <set>

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/json.hpp"
#include "base/path.hpp"
#include "base/sha1.hpp"
#include "base/stream.hpp"
#include "base/text.hpp"
#include "net/retry.hpp"
#include "net/token.hpp"

namespace sealift::builder {

namespace {

constexpr std::uint64_t kMaxAnswer = 8U << 20;  // bytes
constexpr std::size_t kMaxSaid = 400;
constexpr std::chrono::seconds kPoll{1};
constexpr std::chrono::seconds kLongestAssembly = std::chrono::seconds(300);
constexpr unsigned kRounds = 3;  // of sending what is lacking

// What the server wants uploads to be like.
struct Terms {
  std::string url;  // that pieces are sent to
  std::uint64_t piece_bytes = 0;
  std::uint64_t most_pieces = 0;  // of a request
  std::uint64_t most_bytes = 0;
  std::uint64_t most_file = 0;  // of a bundle; 0: it does not say
};

// What it says of a bundle that it shall put together.
struct Assembly {
  // "not_found", "created", "assembling", "ok" or "error".
  std::string state;
  std::set<std::string> missing;
  std::string detail;
};

// A part of the bundle, which outlives it.
struct Piece {
  std::string name;
  std::string_view bytes;
};

Terms read_terms(const Json& body, const std::string& where) {
  const auto number = [&](const char* key) -> std::uint64_t {
    const auto found = body.find(key);
    return found != body.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
  };
  Terms terms{.url = text_at(body, "url"),
              .piece_bytes = number("chunkSize"),
              .most_pieces = number("chunksPerRequest"),
              .most_bytes = number("maxRequestSize"),
              .most_file = number("maxFileSize")};
  if (text_at(body, "hashAlgorithm") != "sha1" || terms.url.empty() || terms.piece_bytes == 0 ||
      terms.most_pieces == 0 || terms.most_bytes == 0) {
    throw Error(Errc::io,
                format("{}: answered something else than how to upload: {}", where,
                       printable(body.dump(), kMaxSaid)),
                "see that --url is the address of Sentry");
  }
  return terms;
}

Assembly read_assembly(const Json& body) {
  Assembly assembly{
      .state = text_at(body, "state"), .missing = {}, .detail = text_at(body, "detail")};
  for (const Json& each : list_at(body, "missingChunks")) {
    if (each.is_string()) assembly.missing.insert(each.text());
  }
  return assembly;
}

// {"detail": "..."}, as the API says what is wrong, or a page of a gateway.
std::string read_complaint(const std::string& text, const std::string& where) {
  try {
    const Json body = parse_json(text, where, Errc::io, Numbers::any);
    const std::string detail = text_at(body, "detail");
    return detail.empty() ? body.dump() : detail;
  } catch (const Error&) {
    return text;
  }
}

// One part for each piece (RFC 7578), which its name identifies. The boundary follows from the
// names: bytes that have it among them would have to contain the SHA-1 of their own SHA-1.
struct Form {
  std::string boundary;
  std::string body;
};

Form form_of(const std::vector<Piece>& pieces) {
  std::string names;
  for (const Piece& each : pieces) names += each.name;
  Form form{.boundary = "sealift-" + sha1_hex(names), .body = {}};
  for (const Piece& each : pieces) {
    form.body += format(
        "--{}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{}\"\r\n"
        "Content-Type: application/octet-stream\r\n\r\n",
        form.boundary, each.name);
    form.body += each.bytes;
    form.body += "\r\n";
  }
  form.body += format("--{}--\r\n", form.boundary);
  return form;
}

class Uploader {
 public:
  Uploader(const SentryRelease& release, const SentryAccess& access)
      : release_(release),
        access_(access),
        token_(net::token_in(access.token.view(), access.token_place)),
        client_(settings_of(access)) {}

  SentryUpload upload(const std::string& bundle, Progress& progress) {
    const Terms terms = terms_of_server();
    if (terms.most_file != 0 && bundle.size() > terms.most_file) {
      throw Error(Errc::invalid_input,
                  format("found {} bytes of scripts and maps, {} takes at most {}", bundle.size(),
                         access_.address, terms.most_file),
                  "upload each component by itself: --component");
    }
    std::vector<Piece> pieces;
    for (std::size_t at = 0; at < bundle.size(); at += terms.piece_bytes) {
      const std::string_view bytes = std::string_view(bundle).substr(at, terms.piece_bytes);
      pieces.push_back({sha1_hex(bytes), bytes});
    }
    const std::string name = sha1_hex(bundle);
    SentryUpload done{.pieces = pieces.size(), .sent_pieces = 0, .sent_bytes = 0};
    Assembly answer = assemble(name, pieces);
    for (unsigned round = 0; !answer.missing.empty() && round < kRounds; ++round) {
      send_missing(answer.missing, pieces, terms, done, progress);
      answer = assemble(name, pieces);
    }
    wait_until_assembled(name, pieces, std::move(answer), progress);
    return done;
  }

 private:
  // A redirect would take the token elsewhere.
  static net::HttpSettings settings_of(const SentryAccess& access) {
    net::HttpSettings settings = access.http;
    settings.redirects = 0;
    return settings;
  }

  // All of it is about the organisation: projects are named in the requests.
  std::string api(const char* path) const {
    return format("{}/api/0/organizations/{}/{}/", access_.address,
                  net::percent_encoded(release_.organization), path);
  }

  // Every request may be repeated: pieces have the names of their content, and assembling the same
  // twice is one bundle.
  Json call(const std::string& method, const std::string& url, const std::string& type,
            std::string body) {
    net::Request request{.method = method,
                         .url = net::Url::parse(url),
                         .headers = {{"accept", "application/json"},
                                     {"authorization", format("Bearer {}", token_)}}};
    if (!body.empty()) {
      request.headers["content-type"] = type;
      request.body_size = body.size();
      request.body = [text = std::move(body)] { return std::make_unique<StringSource>(text); };
    }
    const std::unique_ptr<net::Reply> reply = client_.send(request);
    const std::string text = read_all(*reply, kMaxAnswer, access_.address);
    if (reply->status() < 200 || reply->status() > 299) refuse(reply->status(), text);
    if (text.empty()) return Json::object();
    return parse_json(text, access_.address, Errc::io, Numbers::any);
  }

  [[noreturn]] void refuse(int status, std::string text) const {
    // Hidden before it is cut, which could leave half of it.
    replace_all(text, token_, "***");
    const std::string message = format("{}: answered {}: {}", access_.address, status,
                                       printable(read_complaint(text, access_.address), kMaxSaid));
    if (status == 401 || status == 403) {
      throw Error(Errc::untrusted, message,
                  format("the token in {} must be one of this organisation, with the right "
                         "project:releases or org:ci",
                         access_.token_place));
    }
    if (status == 400 || status == 404) {
      throw Error(
          Errc::invalid_input, message,
          "see that --url, --organization and --project are what Sentry shows in addresses");
    }
    throw Error(Errc::io, message,
                net::may_pass(status) ? "run it again: what was sent is not sent again" : "");
  }

  Terms terms_of_server() {
    Terms terms = read_terms(call("GET", api("chunk-upload"), "", ""), access_.address);
    // Some say where they are, others from where the API begins.
    if (!terms.url.starts_with("http://") && !terms.url.starts_with("https://")) {
      const char* begin = terms.url.starts_with("/api/0/") ? "" : "/api/0";
      terms.url = access_.address + begin + terms.url;
    }
    return terms;
  }

  // Asks for it, and how far it is: the answer to both is the same.
  Assembly assemble(const std::string& name, const std::vector<Piece>& pieces) {
    Json names = Json::array();
    for (const Piece& each : pieces) names.push_back(each.name);
    Json body = {{"checksum", name},
                 {"chunks", std::move(names)},
                 {"projects", release_.projects},
                 {"version", release_.name}};
    if (!release_.dist.empty()) body["dist"] = release_.dist;
    return read_assembly(
        call("POST", api("artifactbundle/assemble"), "application/json", to_canonical(body)));
  }

  // In as few requests as the server takes.
  void send_missing(const std::set<std::string>& missing, const std::vector<Piece>& pieces,
                    const Terms& terms, SentryUpload& done, Progress& progress) {
    std::vector<Piece> wanted;
    std::uint64_t total = 0;
    for (const Piece& each : pieces) {
      if (!missing.contains(each.name)) continue;
      wanted.push_back(each);
      total += each.bytes.size();
    }
    progress.begin("send to Sentry", total);
    for (std::size_t at = 0; at < wanted.size();) {
      std::vector<Piece> some;
      std::uint64_t bytes = 0;
      while (at < wanted.size() && some.size() < terms.most_pieces &&
             (some.empty() || bytes + wanted[at].bytes.size() <= terms.most_bytes)) {
        bytes += wanted[at].bytes.size();
        some.push_back(wanted[at++]);
      }
      Form form = form_of(some);
      call("POST", terms.url, format("multipart/form-data; boundary={}", form.boundary),
           std::move(form.body));
      progress.advance(bytes);
      done.sent_pieces += some.size();
      done.sent_bytes += bytes;
    }
    progress.end();
  }

  // The server does it in a queue of its own.
  void wait_until_assembled(const std::string& name, const std::vector<Piece>& pieces,
                            Assembly answer, Progress& progress) {
    for (std::chrono::seconds waited{0}; answer.state != "ok"; waited += kPoll) {
      if (answer.state == "error" || (answer.state == "not_found" && answer.missing.empty())) {
        throw Error(
            Errc::invalid_input,
            format("{}: does not take the files: {}", access_.address,
                   printable(answer.detail.empty() ? answer.state : answer.detail, kMaxSaid)));
      }
      if (!answer.missing.empty() || waited >= kLongestAssembly) {
        throw Error(Errc::io,
                    format("{}: has not put the files together in {} s (state {})", access_.address,
                           waited.count(), printable(answer.state, 40)),
                    "run it again: what was sent is not sent again");
      }
      progress.wait_for("Sentry to put the files together", kLongestAssembly - waited);
      client_.pause(kPoll);
      answer = assemble(name, pieces);
    }
  }

  const SentryRelease& release_;
  const SentryAccess& access_;
  std::string token_;
  net::HttpClient client_;
};

}  // namespace

namespace {

// The token would be read on the way.
void need_tls(const std::string& address) {
  const net::Url url = net::Url::parse(address);
  if (url.secure || url.is_loopback()) return;
  throw Error(Errc::usage, format("{}: found http://, expected https://", url.shown()),
              "--ca FILE trusts a certificate of one's own");
}

}  // namespace

SentryUpload upload_to_sentry(const std::string& bundle, const SentryRelease& release,
                              const SentryAccess& access, Progress& progress) {
  need_tls(access.address);
  return Uploader(release, access).upload(bundle, progress);
}

}  // namespace sealift::builder
