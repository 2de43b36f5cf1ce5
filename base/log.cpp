// SPDX-License-Identifier: Apache-2.0
#include "base/log.hpp"

#include <unistd.h>

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "base/format.hpp"
#include "base/terminal.hpp"
#include "base/wrap.hpp"

namespace sealift::log {

namespace {
std::function<void()> before_line;
}  // namespace

void before_each_line(std::function<void()> work) {
  before_line = std::move(work);
}

void open(std::string_view program, Level level) {
  auto logger = spdlog::stderr_logger_mt(std::string(program));
  logger->set_pattern(format("{}: %l: %v", program));
  logger->set_level(level == Level::quiet     ? spdlog::level::err
                    : level == Level::verbose ? spdlog::level::debug
                                              : spdlog::level::info);
  spdlog::set_default_logger(std::move(logger));
}

void detail(std::string_view text) {
  if (before_line) before_line();
  spdlog::debug("{}", text);
}

void warning(std::string_view text) {
  if (before_line) before_line();
  const std::size_t columns = terminal_columns(STDERR_FILENO);
  if (columns == 0) {
    spdlog::warn("{}", text);
    return;
  }
  // The logger writes what stands before the text.
  const std::string before = format("{}: warning: ", spdlog::default_logger()->name());
  spdlog::warn("{}", wrapped_line(before + std::string(text), columns).substr(before.size()));
}

}  // namespace sealift::log
