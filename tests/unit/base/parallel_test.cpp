// SPDX-License-Identifier: Apache-2.0
#include "base/parallel.hpp"

#include <atomic>
#include <catch2/catch.hpp>

#include "tests/unit/errors.hpp"

namespace sealift::parallel_test {

TEST_CASE("parallel: results come back in the order of the jobs") {
  Workers workers(4);
  Ordered<int> queue(workers);
  for (int i = 0; i < 200; ++i) {
    queue.put([i] {
      if (i % 7 == 0) std::this_thread::sleep_for(std::chrono::microseconds(300));
      return i;
    });
  }
  for (int i = 0; i < 200; ++i) CHECK(queue.take() == i);
  CHECK(queue.empty());
}

TEST_CASE("parallel: what a job throws arrives where its result is taken") {
  Workers workers(2);
  Ordered<int> queue(workers);
  queue.put([]() -> int { throw Error(Errc::corrupt, "broken"); });
  queue.put([] { return 2; });
  CHECK(tests::refusal_of([&] { queue.take(); }) == Errc::corrupt);
  CHECK(queue.take() == 2);
}

TEST_CASE("parallel: a queue that goes waits for the jobs that refer to its owner") {
  Workers workers(2);
  std::atomic<int> done{0};
  {
    Ordered<int> queue(workers);
    for (int i = 0; i < 20; ++i) {
      queue.put([&done] {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
        return ++done;
      });
    }
  }
  CHECK(done == 20);
}

TEST_CASE("parallel: side by side, every piece is done once") {
  for (const std::size_t count : {0U, 1U, 2U, 100U}) {
    std::vector<std::atomic<int>> done(count);
    std::atomic<unsigned> started{0};
    side_by_side(3, count, [&] {
      ++started;
      return [&](std::size_t i) { ++done[i]; };
    });
    CHECK(std::all_of(done.begin(), done.end(), [](const auto& each) { return each == 1; }));
    CHECK(started == std::min<std::size_t>(count, 3));
  }
}

TEST_CASE("parallel: side by side, the first failure ends all") {
  std::atomic<int> done{0};
  const auto work = [&] {
    return [&](std::size_t i) {
      ++done;
      if (i == 2) throw Error(Errc::io, "broken");
    };
  };
  CHECK(tests::refusal_of([&] { side_by_side(1, 100, work); }) == Errc::io);
  CHECK(done == 3);
  CHECK(tests::refusal_of([&] { side_by_side(3, 100, work); }) == Errc::io);
}

TEST_CASE("parallel: there is at least one core") {
  CHECK(usable_cores() >= 1);
}

}  // namespace sealift::parallel_test
