#include "formats/base/mapped_read.h"

namespace offgrid {
namespace {

/// The innermost of this thread. A handler of a signal reaches nothing but globals, and may not
/// make one for a thread that has none yet: `initial-exec` has it there from the beginning.
[[gnu::tls_model("initial-exec")]] constinit thread_local std::atomic<MappedRead*> innermost =
    nullptr;

}  // namespace

MappedRead::MappedRead(BytesView mapping) noexcept
    : begin_{reinterpret_cast<std::uintptr_t>(mapping.data())},
      end_{begin_ + mapping.size()},
      outer_{innermost.load(std::memory_order_relaxed)} {
    std::atomic_signal_fence(std::memory_order_release);  // the handler sees it whole
    innermost.store(this, std::memory_order_relaxed);
    std::atomic_signal_fence(std::memory_order_seq_cst);  // nothing is read before
}

MappedRead::~MappedRead() {
    std::atomic_signal_fence(std::memory_order_seq_cst);  // nothing is read after
    innermost.store(outer_, std::memory_order_relaxed);
}

bool MappedRead::note_failure(std::uintptr_t address) noexcept {
    for (auto* read = innermost.load(std::memory_order_relaxed); read != nullptr;
         read = read->outer_) {
        if (address >= read->begin_ && address < read->end_) {
            read->has_failed_.store(true, std::memory_order_relaxed);
            return true;
        }
    }
    return false;
}

}  // namespace offgrid
