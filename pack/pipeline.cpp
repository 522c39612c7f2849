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

Pipeline::Pipeline(const Plan& plan, const BlockOrder::Tops& finished, int threads,
                   const std::atomic<bool>& is_stopped)
    : plan_{plan},
      is_stopped_{is_stopped},
      window_{2 * threads + 2},
      order_{plan, finished, &is_stopped},
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
    for (;;) {
        if (is_stopped_) {
            throw Error{Errc::interrupted, "interrupted"};
        }
        if (finished_.contains(consumed_)) {
            break;
        }
        if (is_exhausted_ && consumed_ == taken_) {
            return std::nullopt;
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
    const std::lock_guard turn{order_mutex_};
    if (!wait_for_room()) {
        return std::nullopt;
    }
    std::optional<BlockJob> job;
    std::exception_ptr failure;
    try {
        job = order_.next();  // may take a while where regions have many points
    } catch (...) {
        failure = std::current_exception();
    }
    const std::lock_guard lock{mutex_};
    if (job) {
        return std::pair{taken_++, std::move(*job)};
    }
    if (failure) {
        finished_.emplace(taken_++, Outcome{.block = {}, .failure = failure});
    }
    is_exhausted_ = true;
    changed_.notify_all();
    return std::nullopt;
}

/// Wait until another block may be begun. False: none will be.
bool Pipeline::wait_for_room() {
    std::unique_lock lock{mutex_};
    while (!is_closing_ && !is_stopped_ && !is_exhausted_ && taken_ - consumed_ >= window_) {
        changed_.wait_for(lock, look_up);
    }
    return !is_closing_ && !is_stopped_ && !is_exhausted_;
}

void Pipeline::work() {
    std::unique_ptr<BlockMaker> maker;
    while (const auto job = take()) {
        Outcome outcome;
        try {
            if (job->second.is_finished) {
                outcome.block = {.root = job->second.root, .is_finished = true};
            } else {
                if (!maker) {
                    maker = std::make_unique<BlockMaker>(plan_, is_stopped_);
                }
                outcome.block = maker->make(job->second);
            }
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
