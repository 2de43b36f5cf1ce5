// SPDX-License-Identifier: Apache-2.0
#pragma once

// Work on several cores whose results come back in the order it was handed out.

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <new>
#include <system_error>
#include <thread>
#include <vector>

namespace sealift {

// Threads that end with their owner. Where the system gives no more of them (RLIMIT_NPROC, memory),
// there is less that runs side by side, and never an error.
class Threads {
 public:
  Threads() = default;
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;
  ~Threads() { join(); }

  // `work` must not throw. False where no thread could be started: the caller does the work.
  template <typename Work>
  bool start(Work work) {
    try {
      threads_.reserve(threads_.size() + 1);
      threads_.emplace_back(std::move(work));
      return true;
    } catch (const std::system_error&) {
      return false;
    } catch (const std::bad_alloc&) {
      return false;
    }
  }
  void join() {
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }
  std::size_t size() const { return threads_.size(); }

 private:
  std::vector<std::thread> threads_;
};

// Threads that take jobs in order; jobs must not throw. The destructor waits until every job is
// done. Without any thread submit() does the job itself. One set for the whole program: submit() is
// for any thread, and a job must not wait for another job.
class Workers {
 public:
  explicit Workers(std::size_t threads);
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;
  ~Workers();

  void submit(std::function<void()> job);
  // At least 1.
  std::size_t threads() const { return std::max<std::size_t>(1, threads_.size()); }

 private:
  void work();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> jobs_;
  bool stopping_ = false;
  Threads threads_;
};

// The number of cores this process may use, at least 1. As its affinity says
// (sched_getaffinity(2)), which is what a container or taskset allows.
std::size_t usable_cores();

// Does pieces of work 0 to `count` - 1 on up to `most` threads, of which the caller's is one.
// `start` is called in each thread and gives what does one piece. The first failure ends all, and
// is thrown.
template <typename Start>
void side_by_side(std::size_t most, std::size_t count, Start start) {
  if (count == 0) return;
  std::mutex mutex;
  std::size_t next = 0;
  std::exception_ptr failure;
  const auto work = [&] {
    try {
      auto one = start();
      while (true) {
        std::unique_lock lock(mutex);
        if (next == count || failure) return;
        const std::size_t index = next++;
        lock.unlock();
        one(index);
      }
    } catch (...) {
      const std::lock_guard guard(mutex);
      if (!failure) failure = std::current_exception();
    }
  };
  Threads threads;
  for (std::size_t i = 1; i < most && i < count && threads.start(work);) ++i;
  work();
  threads.join();
  if (failure) std::rethrow_exception(failure);
}

// A queue of results in the making. take() returns them in the order of put(), or throws what the
// job threw.
template <typename Result>
class Ordered {
 public:
  explicit Ordered(Workers& workers) : workers_(workers) {}
  // Jobs refer to things of their owner's, so none may outlive it.
  ~Ordered() {
    for (std::future<Result>& pending : pending_) pending.wait();
  }
  Ordered(const Ordered&) = delete;
  Ordered& operator=(const Ordered&) = delete;

  template <typename Job>
  void put(Job job) {
    auto task = std::make_shared<std::packaged_task<Result()>>(std::move(job));
    pending_.push_back(task->get_future());
    workers_.submit([task] { (*task)(); });
  }
  Result take() {
    std::future<Result> first = std::move(pending_.front());
    pending_.pop_front();
    return first.get();
  }
  std::size_t size() const { return pending_.size(); }
  bool empty() const { return pending_.empty(); }
  // Enough in flight to keep every core busy; more only costs memory.
  bool full() const { return pending_.size() >= workers_.threads() + 2; }

 private:
  Workers& workers_;
  std::deque<std::future<Result>> pending_;
};

}  // namespace sealift
