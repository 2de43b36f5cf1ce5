// SPDX-License-Identifier: Apache-2.0
#include "installer/site_archive/restoring.hpp"

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/format.hpp"
#include "base/json.hpp"
#include "base/path.hpp"

namespace sealift::installer {

namespace {
constexpr std::uint64_t kLargest = 1U << 20;  // bytes
}  // namespace

std::optional<Restoring> read_restoring(const Layout& layout) {
  const std::string file = layout.restoring().string();
  if (!path_exists(file)) return std::nullopt;
  const Json value = parse_json(read_file(file, kLargest), file);
  Fields fields(value, file);
  Restoring restoring{.archive = fields.text("archive"),
                      .file = fields.text("file"),
                      .restored = fields.texts("restored"),
                      .has_data = fields.flag("hasData")};
  fields.done();
  return restoring;
}

void write_restoring(const Layout& layout, const Restoring& restoring) {
  write_file(layout.restoring(), to_pretty({{"archive", restoring.archive},
                                            {"file", restoring.file},
                                            {"restored", restoring.restored},
                                            {"hasData", restoring.has_data}}));
}

void end_restoring(const Layout& layout) {
  remove_file(layout.restoring());
  sync_dir(layout.state);
}

void refuse_while_restoring(const Layout& layout) {
  const std::optional<Restoring> restoring = read_restoring(layout);
  if (!restoring || restoring->has_data) return;
  throw Error(Errc::needs_operator,
              format("the restore of {} was cut off, and not all data may be back",
                     printable(restoring->file, 400)),
              "finish it: run the same sealift-installer site restore again");
}

}  // namespace sealift::installer
