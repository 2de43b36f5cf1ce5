// SPDX-License-Identifier: Apache-2.0
#include "base/log.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "base/format.hpp"

namespace sealift::log {

void open(std::string_view program, Level level) {
  auto logger = spdlog::stderr_logger_mt(std::string(program));
  logger->set_pattern(format("{}: %l: %v", program));
  logger->set_level(level == Level::quiet     ? spdlog::level::err
                    : level == Level::verbose ? spdlog::level::debug
                                              : spdlog::level::info);
  spdlog::set_default_logger(std::move(logger));
}

void detail(std::string_view text) {
  spdlog::debug("{}", text);
}

void warning(std::string_view text) {
  spdlog::warn("{}", text);
}

}  // namespace sealift::log
