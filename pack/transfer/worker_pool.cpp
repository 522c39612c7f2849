#include "pack/transfer/worker_pool.h"

#include <utility>

namespace offgrid {

WorkerPool::WorkerPool(std::size_t size) {
    threads_.reserve(size - 1);
    for (std::size_t worker = 1; worker < size; ++worker) {
        threads_.emplace_back([this, worker] { run(worker); });
    }
}

WorkerPool::~WorkerPool() {
    {
        const std::lock_guard lock{mutex_};
        is_ending_ = true;
    }
    changed_.notify_all();
    for (auto& thread : threads_) {
        thread.join();
    }
}

void WorkerPool::for_each(std::size_t count, const Work& work) {
    {
        const std::lock_guard lock{mutex_};
        work_ = &work;
        count_ = count;
        next_ = 0;
        busy_ = threads_.size();
        ++round_;
    }
    changed_.notify_all();
    do_pieces(0);
    std::unique_lock lock{mutex_};
    changed_.wait(lock, [this] { return busy_ == 0; });
    if (auto failure = std::exchange(failure_, nullptr)) {
        lock.unlock();
        std::rethrow_exception(failure);
    }
}

void WorkerPool::run(std::size_t worker) {
    for (std::size_t seen = 0;;) {
        {
            std::unique_lock lock{mutex_};
            changed_.wait(lock, [&] { return is_ending_ || round_ != seen; });
            if (is_ending_) {
                return;
            }
            seen = round_;
        }
        do_pieces(worker);
        {
            const std::lock_guard lock{mutex_};
            --busy_;
        }
        changed_.notify_all();
    }
}

void WorkerPool::do_pieces(std::size_t worker) {
    try {
        for (std::size_t index = next_++; index < count_; index = next_++) {
            (*work_)(index, worker);
        }
    } catch (...) {  // carried to the caller of for_each
        next_ = count_;
        const std::lock_guard lock{mutex_};
        if (!failure_) {
            failure_ = std::current_exception();
        }
    }
}

}  // namespace offgrid
