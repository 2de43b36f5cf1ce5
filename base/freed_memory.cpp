// SPDX-License-Identifier: Apache-2.0
// Memory that C++ gives back is overwritten where the process knows secrets
// (base/private_memory.hpp). A file of its own: a program that replaces these operators itself, as
// a test does, links without it. The forms for arrays, for sizes and without exceptions come here
// too ([new.delete.single], [new.delete.array]); over-aligned types hold no texts.
// AddressSanitizer has operators of its own, which find more.

#ifndef __SANITIZE_ADDRESS__

#include <malloc.h>

#include <cstdlib>
#include <cstring>
#include <new>

#include "base/private_memory.hpp"

void* operator new(std::size_t size) {
  for (;;) {
    if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
    const std::new_handler handler = std::get_new_handler();
    if (handler == nullptr) throw std::bad_alloc();
    handler();
  }
}

void operator delete(void* memory) noexcept {
  if (memory != nullptr && sealift::wipes_freed_memory()) {
    const std::size_t size = ::malloc_usable_size(memory);
    if (size <= sealift::kMostWiped) ::explicit_bzero(memory, size);
  }
  std::free(memory);
}

void operator delete(void* memory, std::size_t) noexcept {
  operator delete(memory);
}

#endif
