// SPDX-License-Identifier: Apache-2.0
#include "base/log.hpp"

#include <unistd.h>

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <cstdio>
#include <mutex>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/format.hpp"
#include "base/json.hpp"
#include "base/log_form.hpp"
#include "base/path.hpp"
#include "base/terminal.hpp"
#include "base/wrap.hpp"

namespace sealift::log {

namespace {

using Labels = std::vector<std::pair<std::string, std::string>>;

Form chosen = Form::text;
Level shown = Level::normal;
// Of the labels of the program, and of lines: each is written whole.
std::mutex turn;
thread_local Labels of_thread;

// What has a constructor is made when it is first asked for: a log may be opened before main,
// while the objects of this file need not be there yet.
struct OfProgram {
  std::string name;
  std::function<void()> before_line;
  Labels labels;
};

OfProgram& of_program() {
  static OfProgram made;
  return made;
}

Labels& labels_of(Reach reach) {
  return reach == Reach::program ? of_program().labels : of_thread;
}

void make_room() {
  if (of_program().before_line) of_program().before_line();
}

// Text that is no UTF-8 is shown as what it is: a line is JSON whatever it says.
Json clean(std::string_view text) {
  constexpr std::size_t kMost = 64U << 10;
  return Json(printable_lines(text.substr(0, kMost)));
}

void write_line(const std::string& program, const char* level, std::string_view text,
                const Labels& more = {}) {
  Json line = {{"time", to_text(SystemClock().now())},
               {"level", level},
               {"program", program},
               {"message", clean(text)}};
  const std::lock_guard guard(turn);
  for (const Labels* labels :
       std::initializer_list<const Labels*>{&of_program().labels, &of_thread, &more}) {
    for (const auto& [key, value] : *labels) line[key] = clean(value);
  }
  const std::string bytes = line.dump() + "\n";
  std::fwrite(bytes.data(), 1, bytes.size(), stderr);
  std::fflush(stderr);
}

}  // namespace

void set_form(Form form) {
  chosen = form;
}

Form form() {
  return chosen;
}

void before_each_line(std::function<void()> work) {
  of_program().before_line = std::move(work);
}

void open(std::string_view program, Level level) {
  of_program().name = program;
  shown = level;
  auto logger = spdlog::stderr_logger_mt(std::string(program));
  logger->set_pattern(format("{}: %l: %v", program));
  logger->set_level(level == Level::quiet     ? spdlog::level::err
                    : level == Level::verbose ? spdlog::level::debug
                                              : spdlog::level::info);
  spdlog::set_default_logger(std::move(logger));
}

void detail(std::string_view text) {
  if (chosen == Form::json) {
    if (shown == Level::verbose) write_line(of_program().name, "debug", text);
    return;
  }
  make_room();
  spdlog::debug("{}", text);
}

void warning(std::string_view text) {
  if (chosen == Form::json) {
    if (shown != Level::quiet) write_line(of_program().name, "warning", text);
    return;
  }
  make_room();
  const std::size_t columns = terminal_columns(STDERR_FILENO);
  if (columns == 0) {
    spdlog::warn("{}", text);
    return;
  }
  // The logger writes what stands before the text.
  const std::string before = format("{}: warning: ", spdlog::default_logger()->name());
  spdlog::warn("{}", wrapped_line(before + std::string(text), columns).substr(before.size()));
}

void progress(std::string_view line) {
  if (chosen == Form::json && shown != Level::quiet) write_line(of_program().name, "info", line);
}

void failure(std::string_view program, std::string_view message, std::string_view code,
             std::string_view hint) {
  if (chosen != Form::json) return;
  Labels more = {{"code", std::string(code)}};
  if (!hint.empty()) more.emplace_back("hint", hint);
  write_line(std::string(program), "error", message, more);
}

Label::Label(std::string_view key, std::string_view value, Reach reach) noexcept : reach_(reach) {
  if (chosen != Form::json) return;
  try {
    const std::lock_guard guard(turn);
    labels_of(reach).emplace_back(key, value);
    is_set_ = true;
  } catch (const std::exception&) {
    return;
  }
}

// Labels end in the reverse of the order in which they were made, as all objects of a block.
Label::~Label() {
  if (!is_set_) return;
  const std::lock_guard guard(turn);
  labels_of(reach_).pop_back();
}

}  // namespace sealift::log
