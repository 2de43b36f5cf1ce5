// SPDX-License-Identifier: Apache-2.0
#pragma once

// How many pods a writer is asked for: `spec.replicas`, of a CronJob `spec.suspend`. Who else has
// set that field is not changed by our stopping and starting: a release that sets it goes on to set
// it, and an autoscaler too. A server that does not answer is asked again for the time of its
// target. Error{target_failed} with what the server said.

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "installer/driver/driver.hpp"
#include "installer/drivers/kubernetes/writers.hpp"

namespace sealift::installer {

// The manager of fields by whose name a writer is stopped, for a moment.
inline constexpr const char* kFenceManager = "sealift-fence";

// What is there of a writer now, as it will be remembered; nothing: it is not there.
std::optional<StoppedWriter> stopped_writer(const Writer& writer);

// Asks for so many pods, 0 or as many as before; nothing happens where it is not there or is asked
// for so many already. False where it is not there.
bool stop_writer(const StoppedWriter& writer);
bool start_writer(const StoppedWriter& writer);

// Until no pod of theirs is left, ending ones included, and no job of a CronJob is active.
void await_stopped(const std::vector<StoppedWriter>& writers, StepIo& io);
// Until all are as ready as they say they should be; soon where one of them cannot come to that.
void await_started(const std::vector<StoppedWriter>& writers, StepIo& io);

// Whether an object has the field that says how many, and with it who decides that.
bool says_count(const Json& body);
// The same object, asked for no pod.
Json with_no_pods(Json body);

// What a server keeps of who has set which field, without the fence's manager and, where the count
// is the release's, with it among the fields of our manager. Nothing where it is so already.
std::optional<Json> managers_with_count(const Json& object, const StoppedWriter& writer);

}  // namespace sealift::installer
