// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/services/fence.hpp"

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/log.hpp"
#include "base/path.hpp"
#include "base/text.hpp"
#include "installer/driver/secret_command.hpp"
#include "installer/driver/step_driver.hpp"
#include "installer/drivers/services/service_step.hpp"

namespace sealift::installer {

namespace {

constexpr std::string_view kDriver = "fence";
constexpr std::chrono::minutes kPatience{10};
constexpr std::uint64_t kLargest = 1 << 20;  // bytes of the file

void run_fence(const std::vector<std::string>& command, const std::vector<std::string>& secrets,
               Content& content, const std::string& what) {
  const std::optional<Outcome> outcome = run_with_secrets(
      {.arguments = command, .folder = {}, .input = {}, .timeout = kPatience}, secrets, content);
  if (outcome && outcome->status == 0) return;
  throw Error(Errc::target_failed,
              format("{}: {} {}", what, printable(command.front(), 200),
                     outcome ? format("ended with status {}: {}", outcome->status,
                                      printable(outcome->error_output, 400))
                             : std::string("was not found")),
              "correct fence in site.yaml");
}

class FenceDriver : public StepDriver {
 public:
  explicit FenceDriver(const Layout& layout) : layout_(layout) {}

  Json apply(const Step& step, StepIo& io) override {
    // Before the command: whoever finds the file opens what may be closed.
    const FenceCommands fence = fence_commands_from_json(step.data, step.id);
    write_file(layout_.fence(), to_pretty(to_json(fence)), FileMode::secret);
    run_fence(fence.close, fence.secrets, io.content, "closing the fence");
    return nullptr;
  }

  void undo(const Step&, const std::optional<Json>&, StepIo& io) override {
    open_fence(layout_, io.content);
  }

 private:
  Layout layout_;
};

}  // namespace

std::unique_ptr<Driver> fence_driver(const Layout& layout) {
  return std::make_unique<FenceDriver>(layout);
}

Step fence_step(const release::Fence& fence, std::uint64_t transaction) {
  const FenceCommands commands{.transaction = transaction,
                               .close = fence.close,
                               .open = fence.open,
                               .secrets = fence.secrets};
  return {.id = "fence",
          .phase = Phase::fence,
          .component = "fence",
          .target = "fence",
          .driver = std::string(kDriver),
          .action = "close",
          .data = to_json(commands),
          .summary = format("close the fence: {}; it opens after the commit",
                            printable(joined(fence.close, " "), 400))};
}

bool is_fence_closed(const Layout& layout) {
  return path_exists(layout.fence()) || path_exists(layout.writers());
}

void open_fence(const Layout& layout, Content& content) {
  if (!path_exists(layout.fence())) return;
  const fs::path file = layout.fence();
  const FenceCommands fence =
      fence_commands_from_json(parse_json(read_file(file, kLargest), file.string()), file.string());
  run_fence(fence.open, fence.secrets, content, "opening the fence");
  const Dir folder = Dir::open(layout.state);
  folder.remove_tree(file.filename().string());
  try {
    folder.sync();
  } catch (const Error& error) {
    // Users are in. Where a power cut brings the file back, the next command opens what is open.
    log::warning(error.message());
  }
}

}  // namespace sealift::installer
