// SPDX-License-Identifier: Apache-2.0
#include "net/http.hpp"

#include <openssl/ssl.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <limits>
#include <thread>

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/path.hpp"
#include "net/proxy.hpp"
#include "net/retry.hpp"
#include "net/roots.hpp"

namespace sealift::net {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
namespace ssl = boost::asio::ssl;

constexpr std::uint32_t kMaxHeader = 64U << 10;
constexpr std::size_t kBuffer = 256U << 10;
constexpr std::size_t kRead = 64U << 10;
[[noreturn]] void broken(const Url& url, std::string_view doing, const beast::error_code& failure) {
  const bool late = failure == beast::error::timeout;
  throw Error(Errc::io, format("{}: {}: {}", url.shown(), doing,
                               late ? "no answer in time" : printable(failure.message(), 200)));
}

using Deadline = std::optional<std::chrono::steady_clock::time_point>;

using Parser = http::response_parser<http::buffer_body>;

// How an operation ended. One type for all of them: Asio's templates are compiled for each type of
// handler, and for each stream.
struct Ended {
  beast::error_code& failure;
  std::size_t& count;  // bytes moved

  void operator()(beast::error_code result, std::size_t moved = 0) {
    failure = result;
    count = moved;
  }
  void operator()(beast::error_code result, const asio::ip::tcp::endpoint&) { failure = result; }
};

// The head of a request, as lines (RFC 9112, 3).
class Head {
 public:
  Head(std::string_view method, std::string_view target)
      : text_(format("{} {} HTTP/1.1\r\n", method, target)) {}
  void add(std::string_view name, std::string_view value) {
    text_ += format("{}: {}\r\n", name, value);
  }
  std::string text() const { return text_ + "\r\n"; }

 private:
  std::string text_;
};

// One connection to one server, with or without TLS.
class Connection {
 public:
  // `deadline` is that of whatever is on its way.
  Connection(const HttpSettings& settings, const Deadline& deadline, ssl::context& tls, Url url)
      : settings_(settings), deadline_(deadline), url_(std::move(url)), buffer_(kBuffer) {
    const std::optional<Proxy> proxy = proxy_for(url_);
    connect(proxy ? proxy->url : url_);
    if (proxy && url_.secure) tunnel(*proxy);
    if (proxy && !url_.secure) {
      absolute_ = true;
      proxy_authorization_ = proxy->authorization;
    }
    if (url_.secure) start_tls(tls);
  }

  void send(const Request& request) {
    Head head(request.method, absolute_
                                  ? format("http://{}{}", url_.authority(), request.url.target)
                                  : request.url.target);
    head.add("Host", url_.authority());
    head.add("User-Agent", "sealift/" SEALIFT_VERSION);
    if (!proxy_authorization_.empty()) head.add("Proxy-Authorization", proxy_authorization_);
    for (const auto& [name, value] : request.headers) head.add(name, value);
    if (request.body || request.method == "POST" || request.method == "PUT") {
      head.add("Content-Length", std::to_string(request.body_size));
    }
    write("sending", head.text());
    if (request.body) send_body(request);
  }

  void read_head(Parser& parser, std::string_view doing = "waiting for an answer") {
    while (!parser.is_header_done()) parse(parser, doing);
  }

  std::size_t read_body(Parser& parser, std::span<char> into) {
    auto& body = parser.get().body();
    while (!parser.is_done()) {
      body.data = into.data();
      body.size = into.size();
      parse(parser, "receiving");
      if (const std::size_t count = into.size() - body.size; count > 0) return count;
    }
    return 0;
  }

  const Url& url() const { return url_; }
  // Nothing has come since it was used, its end neither.
  bool is_quiet() {
    pollfd polled{.fd = lowest().socket().native_handle(), .events = POLLIN, .revents = 0};
    return ::poll(&polled, 1, 0) == 0;
  }

 private:
  std::chrono::milliseconds limited(std::chrono::milliseconds limit) const {
    if (!deadline_) return limit;
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        *deadline_ - std::chrono::steady_clock::now());
    return std::clamp(left, std::chrono::milliseconds(0), limit);
  }

  beast::tcp_stream& lowest() { return tls_ ? tls_->next_layer() : *tcp_; }

  // Runs one operation to its end, or to the limit; the bytes that it moved.
  template <typename Start>
  std::size_t run(std::chrono::milliseconds limit, beast::error_code& failure, Start&& start) {
    std::size_t count = 0;
    failure = asio::error::would_block;
    lowest().expires_after(limited(limit));
    start(Ended{failure, count});
    context_.restart();
    context_.run();
    return count;
  }

  void write(std::string_view doing, std::string_view bytes) {
    while (!bytes.empty()) {
      beast::error_code failure;
      const std::size_t count = run(settings_.idle_limit, failure, [&](Ended ended) {
        const auto block = asio::buffer(bytes.data(), bytes.size());
        if (tls_) {
          tls_->async_write_some(block, ended);
        } else {
          tcp_->async_write_some(block, ended);
        }
      });
      if (failure) broken(url_, doing, failure);
      bytes.remove_prefix(count);
    }
  }

  // What comes next, behind what is in the buffer.
  void read_more(beast::error_code& failure) {
    const std::size_t room = std::min(kRead, buffer_.max_size() - buffer_.size());
    if (room == 0) {
      failure = http::error::buffer_overflow;
      return;
    }
    buffer_.commit(run(settings_.idle_limit, failure, [&](Ended ended) {
      if (tls_) {
        tls_->async_read_some(buffer_.prepare(room), ended);
      } else {
        tcp_->async_read_some(buffer_.prepare(room), ended);
      }
    }));
  }

  // One step of the parser, over what is in the buffer or comes next. Not Beast's own operations:
  // they are templates of the stream, the parser and the handler, half a minute to compile.
  void parse(Parser& parser, std::string_view doing) {
    beast::error_code failure = http::error::need_more;
    if (buffer_.size() > 0) buffer_.consume(parser.put(buffer_.data(), failure));
    while (failure == http::error::need_more) {
      read_more(failure);
      if (!failure) {
        buffer_.consume(parser.put(buffer_.data(), failure));
      } else if (failure == asio::error::eof) {
        // The end of the connection is the end of a body without a length.
        failure = http::error::end_of_stream;
        if (parser.got_some()) parser.put_eof(failure);
      }
    }
    // A full buffer is what a reader asked for.
    if (failure && failure != http::error::need_buffer) broken(url_, doing, failure);
  }

  void connect(const Url& to) {
    asio::ip::tcp::resolver resolver(context_);
    beast::error_code failure;
    const auto addresses = resolver.resolve(to.host, to.port, failure);
    if (failure) {
      throw Error(Errc::io,
                  format("{}: the name {} cannot be resolved: {}", url_.shown(),
                         printable(to.host, 200), printable(failure.message(), 200)),
                  "check the name, and the host's DNS");
    }
    tcp_.emplace(context_);
    run(settings_.connect_limit, failure,
        [&](Ended ended) { tcp_->async_connect(addresses, ended); });
    if (failure) broken(url_, format("connecting to {}", to.authority()), failure);
  }

  void tunnel(const Proxy& proxy) {
    constexpr std::string_view kDoing = "asking the proxy";
    const std::string to = format("{}:{}", url_.host, url_.port);
    Head head("CONNECT", to);
    head.add("Host", to);
    if (!proxy.authorization.empty()) head.add("Proxy-Authorization", proxy.authorization);
    write(kDoing, head.text());
    Parser parser;
    parser.skip(true);
    read_head(parser, kDoing);
    if (parser.get().result() != http::status::ok) {
      throw Error(Errc::io, format("{}: the proxy {} answered {}", url_.shown(),
                                   proxy.url.authority(), parser.get().result_int()));
    }
    buffer_.consume(buffer_.size());
  }

  void start_tls(ssl::context& tls) {
    tls_.emplace(std::move(*tcp_), tls);
    tcp_.reset();
    beast::error_code ignored;
    const bool is_address = (asio::ip::make_address(url_.host, ignored), !ignored);
    if (!is_address && SSL_set_tlsext_host_name(tls_->native_handle(), url_.host.c_str()) != 1) {
      throw Error(Errc::io, format("{}: cannot name the host", url_.shown()));
    }
    tls_->set_verify_callback(ssl::host_name_verification(url_.host));
    beast::error_code failure;
    run(settings_.idle_limit, failure,
        [&](Ended ended) { tls_->async_handshake(ssl::stream_base::client, ended); });
    if (!failure) return;
    const long verdict = SSL_get_verify_result(tls_->native_handle());
    if (verdict == X509_V_OK) broken(url_, "TLS", failure);
    throw Error(Errc::io,
                format("{}: its certificate is not trusted: {}", url_.shown(),
                       X509_verify_cert_error_string(verdict)),
                "give the site's CA (ca in site.yaml, --ca for the builder)");
  }

  void send_body(const Request& request) {
    const std::unique_ptr<Source> body = request.body();
    std::string block(kBuffer, '\0');
    std::uint64_t left = request.body_size;
    while (left > 0) {
      const std::size_t count =
          body->read(std::span(block).first(std::min<std::uint64_t>(left, block.size())));
      if (count == 0) throw Error(Errc::internal, "a request's body is shorter than announced");
      write("sending", std::string_view(block).substr(0, count));
      left -= count;
    }
  }

  const HttpSettings& settings_;
  const Deadline& deadline_;
  Url url_;
  asio::io_context context_;
  std::optional<beast::tcp_stream> tcp_;
  std::optional<ssl::stream<beast::tcp_stream>> tls_;
  beast::flat_buffer buffer_;
  bool absolute_ = false;
  std::string proxy_authorization_;
};

using Idle = std::map<std::string, std::unique_ptr<Connection>>;

std::string key_of(const Url& url) {
  return (url.secure ? "https://" : "http://") + url.authority();
}

class Answer : public Reply {
 public:
  Answer(std::unique_ptr<Connection> connection, const Request& request, Idle& idle)
      : connection_(std::move(connection)), idle_(idle), url_(request.url) {
    parser_.header_limit(kMaxHeader);
    // Whoever reads a body knows how long it may be.
    parser_.body_limit(std::numeric_limits<std::uint64_t>::max());
    if (request.method == "HEAD") parser_.skip(true);
    connection_->read_head(parser_);
  }
  ~Answer() override {
    // What was not read would be taken for the next answer.
    if (!parser_.is_done() || !parser_.keep_alive()) return;
    idle_[key_of(connection_->url())] = std::move(connection_);
  }

  int status() const override { return static_cast<int>(parser_.get().result_int()); }
  std::string header(const std::string& name) const override {
    const auto found = parser_.get().find(name);
    return found == parser_.get().end() ? "" : std::string(found->value());
  }
  std::vector<std::string> headers(const std::string& name) const override {
    std::vector<std::string> values;
    const auto [begin, end] = parser_.get().equal_range(name);
    for (auto each = begin; each != end; ++each) values.emplace_back(each->value());
    return values;
  }
  const Url& url() const override { return url_; }
  std::size_t read(std::span<char> into) override { return connection_->read_body(parser_, into); }

 private:
  std::unique_ptr<Connection> connection_;
  Idle& idle_;
  Url url_;
  Parser parser_;
};

}  // namespace

struct HttpClient::State {
  explicit State(HttpSettings given) : settings(std::move(given)), tls(ssl::context::tls_client) {
    SSL_CTX_set_min_proto_version(tls.native_handle(), TLS1_2_VERSION);
    tls.set_verify_mode(ssl::verify_peer);
    trust_system_roots(tls);
    if (!settings.ca_file.empty()) trust_roots_of(tls, settings.ca_file);
    if (!settings.sleep) {
      settings.sleep = [](std::chrono::milliseconds time) { std::this_thread::sleep_for(time); };
    }
  }

  void check(const Url& url) const {
    if (url.secure || url.is_loopback() || settings.insecure.contains(url.authority())) return;
    throw Error(Errc::usage, format("{}: would be spoken to without TLS", url.shown()),
                "name it as insecure, if its network may be trusted");
  }

  // One attempt. A connection that was kept may be closed by now: then a new one is made, but not
  // for what may have arrived and must not arrive twice.
  std::unique_ptr<Answer> attempt(const Request& request) {
    if (const auto kept = idle.extract(key_of(request.url)); kept && kept.mapped()->is_quiet()) {
      try {
        return exchange(std::move(kept.mapped()), request);
      } catch (const Error& error) {
        if (error.code() != Errc::io || request.repeat == Repeat::never) throw;
      }
    }
    return exchange(std::make_unique<Connection>(settings, deadline, tls, request.url), request);
  }

  std::unique_ptr<Answer> exchange(std::unique_ptr<Connection> connection, const Request& request) {
    connection->send(request);
    return std::make_unique<Answer>(std::move(connection), request, idle);
  }

  std::unique_ptr<Answer> persist(const Request& request) {
    std::chrono::milliseconds wait = kFirstWait;
    for (unsigned left = request.repeat == Repeat::allowed ? settings.attempts : 1;; --left) {
      std::chrono::milliseconds pause = wait;
      try {
        std::unique_ptr<Answer> answer = attempt(request);
        if (!may_pass(answer->status()) || left <= 1) return answer;
        pause = asked_wait(*answer, settings.wait_header).value_or(wait);
      } catch (const Error& error) {
        if (error.code() != Errc::io || left <= 1) throw;
      }
      settings.sleep(pause);
      wait *= 2;
    }
  }

  HttpSettings settings;
  Deadline deadline;
  ssl::context tls;
  Idle idle;
};

HttpClient::HttpClient(HttpSettings settings)
    : state_(std::make_unique<State>(std::move(settings))) {}

HttpClient::~HttpClient() = default;

// A line end in a value would begin a header, or a request, that nobody asked for.
void refuse_split_headers(const Headers& headers) {
  for (const auto& [name, value] : headers) {
    const bool is_split = std::any_of(value.begin(), value.end(), [](char c) {
      return (c >= '\0' && c < ' ' && c != '\t') || c == '\x7f';
    });
    if (!is_split) continue;
    throw Error(
        Errc::invalid_input,
        format("header {}: found a line end or another control character in its value", name),
        "a secret that it is made of must be one line");
  }
}

std::unique_ptr<Reply> HttpClient::send(const Request& request) {
  refuse_split_headers(request.headers);
  Request next = request;
  if (state_->settings.total_limit.count() > 0) {
    state_->deadline = std::chrono::steady_clock::now() + state_->settings.total_limit;
  }
  for (unsigned redirects = 0;; ++redirects) {
    state_->check(next.url);
    std::unique_ptr<Answer> answer = state_->persist(next);
    const int status = answer->status();
    const bool moved =
        status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
    const unsigned most = state_->settings.redirects;
    if (!moved || most == 0) return answer;
    if (request.method != "GET" && request.method != "HEAD") return answer;
    if (redirects == most) {
      throw Error(Errc::io, format("{}: found more than {} redirects", request.url.shown(), most));
    }
    const Url to = next.url.resolve(answer->header("location"));
    if (next.url.secure && !to.secure) {
      throw Error(Errc::io,
                  format("{}: redirects to {}, without TLS", next.url.shown(), to.shown()));
    }
    if (to.host != next.url.host || to.port != next.url.port) next.headers.erase("authorization");
    next.url = to;
  }
}

void HttpClient::pause(std::chrono::milliseconds time) const {
  state_->settings.sleep(time);
}

}  // namespace sealift::net
