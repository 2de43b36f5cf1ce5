// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/s3/sender.hpp"

namespace sealift::installer {

Sender::Sender(const s3::Bucket& bucket) {
  for (std::size_t i = 0; i < kConnections; ++i) {
    buckets_.push_back(bucket.twin());
    s3::Bucket* own = buckets_.back().get();
    // Without any thread, submit() does the work itself.
    if (!threads_.start([this, own] { work(*own); })) break;
  }
}

Sender::~Sender() {
  {
    const std::lock_guard guard(mutex_);
    ending_ = true;
    jobs_.clear();
  }
  changed_.notify_all();
  threads_.join();
}

void Sender::run(const Job& job, s3::Bucket& bucket) {
  try {
    job(bucket);
  } catch (...) {
    const std::lock_guard guard(mutex_);
    if (!failure_) failure_ = std::current_exception();
  }
}

void Sender::work(s3::Bucket& bucket) {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [&] { return ending_ || !jobs_.empty(); });
    if (ending_) return;
    const Job job = std::move(jobs_.front());
    jobs_.pop_front();
    ++running_;
    lock.unlock();
    run(job, bucket);
    lock.lock();
    --running_;
    changed_.notify_all();
  }
}

void Sender::submit(Job job) {
  if (threads_.size() == 0) {
    run(job, *buckets_.front());
  } else {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return jobs_.size() < kWaiting || failure_; });
    if (!failure_) jobs_.push_back(std::move(job));
  }
  changed_.notify_all();
  const std::lock_guard guard(mutex_);
  if (failure_) std::rethrow_exception(failure_);
}

void Sender::drain() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return (jobs_.empty() && running_ == 0) || failure_; });
  if (failure_) std::rethrow_exception(failure_);
}

void Sender::settle() {
  std::unique_lock lock(mutex_);
  jobs_.clear();
  changed_.wait(lock, [&] { return running_ == 0; });
}

}  // namespace sealift::installer
