// SPDX-License-Identifier: Apache-2.0
#include "installer/operations/fenced.hpp"

#include "installer/drivers/kubernetes/writers_fence.hpp"
#include "installer/drivers/services/fence.hpp"
#include "installer/operations/kept_revisions.hpp"
#include "installer/planning/closing.hpp"
#include "installer/records/state.hpp"

namespace sealift::installer {

void while_fenced(const Tools& tools, const std::function<void()>& act) {
  const std::optional<release::Fence>& fence = tools.installation.site.fence;
  if (!fence) {
    throw Error(Errc::usage, "--fence, and site.yaml has none",
                "write fence: {close: [...], open: [...]} into site.yaml, or leave --fence out");
  }
  const State state = load_state(tools.installation.layout, tools.clock);
  const Revision* now = state.current();
  SiteContent content = content_of(tools, now != nullptr ? *now : Revision{});
  const StopFlag stop;
  StepIo io{.content = content, .progress = tools.progress, .stop = stop};
  try {
    for (const Step& step : closing_steps(tools.installation.site, 0)) {
      tools.drivers.named(step.driver).apply(step, io);
    }
    act();
  } catch (...) {
    open_all(tools.installation.layout, content);
    throw;
  }
  open_all(tools.installation.layout, content);
}

void open_all(const Layout& layout, Content& content) {
  release_writers(layout);
  open_fence(layout, content);
}

}  // namespace sealift::installer
