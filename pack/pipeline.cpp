#include "pack/pipeline.h"

#include "formats/base/error.h"

#include <fmt/core.h>

#include <chrono>
#include <system_error>

namespace offgrid {
namespace {

/// Every wait looks up this often, whether someone has asked to stop.
constexpr std::chrono::milliseconds look_up{100};

}  // namespace

Pipeline::Pipeline(const Plan& plan, int threads, const std::atomic<bool>& is_stopped)
    : plan_{plan},
      is_stopped_{is_stopped},
      window_{2 * threads + 2},
      order_{plan},
      estimate_{order_.estimate()} {
    for (int i = 0; i < threads; ++i) {
        try {
            threads_.emplace_back([this] { work(); });
        } catch (const std::system_error& error) {
            join();
            throw system_error(error.code().value(),
                               fmt::format("cannot start thread {} of {}", i + 1, threads));
        }
    }
}

Pipeline::~Pipeline() {
    join();
}

void Pipeline::join() {
    is_closing_ = true;
    changed_.notify_all();
    for (auto& thread : threads_) {
        thread.join();
    }
}

std::optional<Block> Pipeline::next() {
    std::unique_lock lock{mutex_};
    while (!finished_.contains(consumed_)) {
        if (is_exhausted_ && consumed_ == taken_) {
            return std::nullopt;
        }
        if (is_stopped_) {
            throw Error{Errc::interrupted, "interrupted"};
        }
        changed_.wait_for(lock, look_up);
    }
    auto node = finished_.extract(consumed_);
    ++consumed_;
    changed_.notify_all();
    if (node.mapped().failure) {
        std::rethrow_exception(node.mapped().failure);
    }
    return std::move(node.mapped().block);
}

std::optional<std::pair<std::int64_t, BlockJob>> Pipeline::take() {
    std::unique_lock lock{mutex_};
    while (!is_closing_ && !is_stopped_ && !is_exhausted_) {
        if (taken_ - consumed_ >= window_) {
            changed_.wait_for(lock, look_up);
            continue;
        }
        if (auto job = order_.next()) {
            return std::pair{taken_++, std::move(*job)};
        }
        is_exhausted_ = true;
        changed_.notify_all();
    }
    return std::nullopt;
}

void Pipeline::work() {
    std::unique_ptr<BlockMaker> maker;
    while (const auto job = take()) {
        Outcome outcome;
        try {
            if (!maker) {
                maker = std::make_unique<BlockMaker>(plan_, is_stopped_);
            }
            outcome.block = maker->make(job->second);
        } catch (...) {
            outcome.failure =
                std::current_exception();  // thrown again where the block is asked for
        }
        const std::lock_guard lock{mutex_};
        finished_.emplace(job->first, std::move(outcome));
        changed_.notify_all();
    }
}

}  // namespace offgrid
