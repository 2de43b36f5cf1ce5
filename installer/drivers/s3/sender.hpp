// SPDX-License-Identifier: Apache-2.0
#pragma once

// Sends to a bucket over several connections at once. What waits to be sent is bounded, and so is
// the memory that it takes.

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>

#include "base/parallel.hpp"
#include "s3/bucket.hpp"

namespace sealift::installer {

inline constexpr std::size_t kConnections = 4;
inline constexpr std::size_t kWaiting = 2;

class Sender {
 public:
  using Job = std::function<void(s3::Bucket&)>;

  explicit Sender(const s3::Bucket& bucket);
  Sender(const Sender&) = delete;
  Sender& operator=(const Sender&) = delete;
  // Waits for what is being sent; what was not begun is given up.
  ~Sender();

  // Waits for room. Throws the first failure of a job; nothing is begun behind one.
  void submit(Job job);
  // Waits until all is done; throws as submit().
  void drain();
  // The same behind a failure, without throwing: nothing of a job is used any more.
  void settle();

 private:
  void work(s3::Bucket& bucket);
  void run(const Job& job, s3::Bucket& bucket);

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Job> jobs_;
  std::size_t running_ = 0;
  bool ending_ = false;
  std::exception_ptr failure_;
  std::vector<std::unique_ptr<s3::Bucket>> buckets_;
  Threads threads_;
};

}  // namespace sealift::installer
